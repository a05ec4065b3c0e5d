"""Web pages: rendered on the server, live by SSE, whole without JavaScript."""
