// What a node's pages do beyond links and forms: renew themselves as things happen, and sign with a passkey.
"use strict";

// Parts in which somebody has typed: they stay as they are until they are sent.
const touched = new Set();
document.addEventListener("input", (event) => { const part = event.target.closest("[data-part]"); if (part) touched.add(part); });

// Only parts that read otherwise are put in place of the old ones: nothing else moves, and the focus stays.
function renew(fresh) {
  const main = document.getElementById("main");
  const before = [...main.querySelectorAll("[data-part]")].map((part) => part.id).join();
  const after = [...fresh.querySelectorAll("[data-part]")].map((part) => part.id).join();
  const focused = document.activeElement && document.activeElement.id;
  if (before !== after && !touched.size) {
    main.replaceChildren(...fresh.getElementById("main").childNodes);
  } else {
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = document.getElementById(part.id);
      if (!old || touched.has(old)) continue;
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
        // Never loaded anew as it is: a page that says why a form was refused would send the form again.
        if (!answer.ok || answer.redirected) { source.close(); window.location.assign(window.location.pathname + window.location.search); return; }
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
  // What only a clock or the other side changes is no event here: look now and then.
  window.setInterval(() => { if (!document.hidden) fetchAnew(); }, 30000);
}

// WebAuthn wants bytes; pages carry base64url.
function bytes(letters) {
  return Uint8Array.from(atob(letters.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function letters(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const ceremonies = {
  create: async (options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) } };
    const { response } = await navigator.credentials.create({ publicKey });
    return { clientDataJSON: letters(response.clientDataJSON), authenticatorData: letters(response.getAuthenticatorData()) };
  },
  get: async (options) => {
    const allowCredentials = options.allowCredentials.map((each) => ({ ...each, id: bytes(each.id) }));
    const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials };
    const { response } = await navigator.credentials.get({ publicKey });
    return {
      challenge: options.challenge,
      clientDataJSON: letters(response.clientDataJSON),
      authenticatorData: letters(response.authenticatorData),
      signature: letters(response.signature),
    };
  },
};

// What a browser says when a ceremony ends without an answer is for developers; this is for people.
const WHY = {
  NotAllowedError: "The passkey was not used: it was canceled, took too long, or is not on this device.",
  InvalidStateError: "This device has a passkey for this move already.",
  SecurityError: "This page was not opened at its own address, so passkeys do not work here.",
};

function ceremony(form) {
  const says = form.querySelector("[data-says]");
  if (!window.PublicKeyCredential) {
    says.textContent = "This browser has no passkeys. Open this page in another one, or ask for paper.";
    form.querySelector("button").disabled = true;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await ceremonies[form.dataset.ceremony](JSON.parse(form.dataset.options));
      const body = JSON.stringify({ agreed: form.elements.agreed.checked, ...answer });
      const got = await fetch(form.dataset.url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      const said = await got.json();
      if (!got.ok) throw new Error([said.title, said.detail, said.fix].filter(Boolean).join(" "));
      window.location.assign(said.next);
    } catch (error) {
      says.textContent = WHY[error.name] || error.message;
    }
    form.removeAttribute("aria-busy");
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const main = document.getElementById("main");
  if (main.dataset.live && window.EventSource) live(main);
  document.querySelectorAll("[data-ceremony]").forEach(ceremony);
});
