"""The doors: web pages, HTTP API, command line. They translate and hold no rules."""
