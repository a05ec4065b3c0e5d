// What a node's pages do beyond links and forms: renew themselves as things happen, and sign with a passkey.
"use strict";

// Only parts that read otherwise are put in place of the old ones: nothing else moves, and the focus stays.
function renew(fresh) {
  const main = document.getElementById("main");
  const before = [...main.querySelectorAll("[data-part]")].map((part) => part.id).join();
  const after = [...fresh.querySelectorAll("[data-part]")].map((part) => part.id).join();
  const focused = document.activeElement && document.activeElement.id;
  if (before !== after) {
    main.replaceChildren(...fresh.getElementById("main").childNodes);
  } else {
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = document.getElementById(part.id);
      old.classList.remove("fresh");
      if (old.outerHTML === part.outerHTML) continue;
      old.replaceWith(part);
      part.classList.add("fresh");
    }
  }
  document.title = fresh.title;
  const said = fresh.getElementById("said");
  if (said) document.getElementById("said").textContent = said.dataset.says;
  if (focused && document.activeElement === document.body) {
    const again = document.getElementById(focused);
    if (again) again.focus();
  }
}

function live(main) {
  let asked = false;
  let asking = false;
  async function fetchAnew() {
    asked = true;
    if (asking) return;
    asking = true;
    while (asked) {
      asked = false;
      try {
        const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
        if (!answer.ok || answer.redirected) { source.close(); window.location.reload(); return; }
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        renew(fresh);
        if (!fresh.getElementById("main").dataset.live) source.close();
      } catch { /* offline: the stream comes back by itself, and tells what was missed */ }
    }
    asking = false;
  }
  const source = new EventSource(main.dataset.live);
  source.addEventListener("changed", fetchAnew);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) fetchAnew(); });
}

document.addEventListener("DOMContentLoaded", () => {
  const main = document.getElementById("main");
  if (main.dataset.live && window.EventSource) live(main);
});
