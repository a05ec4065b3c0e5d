// What pages can do beyond forms and links: drop a file, use a passkey. Every page works without it.
"use strict";

function ready(start) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}

function dropZone(zone) {
  const input = zone.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || said.title);
  return said;
}

// Two ceremonies of WebAuthn: signing in with a passkey, and adding one to this device.
const ceremonies = {
  "sign-in": (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  add: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
};

function passkey(block) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  block.hidden = false;
  const says = block.querySelector("[data-passkey-says]");
  const { passkey: ceremony, url, token } = block.dataset;
  block.querySelector("button").addEventListener("click", async () => {
    try {
      const options = await post(url + "/options", { csrf: token });
      const credential = await ceremonies[ceremony](options);
      const answer = await post(url, { csrf: token, credential: credential.toJSON() });
      window.location.assign(answer.next);
    } catch (error) {
      says.textContent = "The passkey was not accepted: " + error.message;
    }
  });
}

// Back in the history, the form is as it was filled in; the address alone would draw it empty.
function goBack(link) {
  link.addEventListener("click", (event) => {
    if (history.length > 1) {
      event.preventDefault();
      history.back();
    }
  });
}

ready(() => {
  document.querySelectorAll("[data-drop]").forEach(dropZone);
  document.querySelectorAll("[data-passkey]").forEach(passkey);
  document.querySelectorAll("[data-back]").forEach(goBack);
});
