// Parts of the page that the server renders: filled when they come into view, when a form beside
// them changes, and when something in them is clicked. What arrives is already escaped.
window.bulletinParts = (() => {
  "use strict";
  const DEBOUNCE = 250;
  const waiting = new Map();

  async function fill(target, address, options) {
    const turn = (waiting.get(target) || 0) + 1;
    waiting.set(target, turn);
    target.setAttribute("aria-busy", "true");
    let words;
    let good = false;
    try {
      const answer = await fetch(address, options);
      words = await answer.text();
      good = answer.ok;
      if (answer.redirected && new URL(answer.url).pathname.endsWith("/login")) location.reload();
    } catch {
      words = "没有连上，请检查网络后重试。";
    }
    // A slow answer to what was typed before must not replace the one to what is typed now.
    if (waiting.get(target) !== turn) return false;
    target.removeAttribute("aria-busy");
    if (good) {
      target.innerHTML = words;
    } else {
      const problem = document.createElement("p");
      problem.className = "problem";
      problem.textContent = words;
      target.replaceChildren(problem);
    }
    watchAll(target);
    askAgain(target);
    // What is newest stands at the right end of a chart that is wider than a phone.
    for (const chart of target.querySelectorAll(".chart")) chart.scrollLeft = chart.scrollWidth;
    return good;
  }

  function addressOf(form) {
    const values = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...values]) if (!value) values.delete(name);
    return `${form.getAttribute("action")}?${values}`;
  }

  function refresh(form) {
    return fill(document.querySelector(form.dataset.into), addressOf(form));
  }

  function changed(event) {
    const form = event.target.closest && event.target.closest("form[data-into]");
    if (!form) return;
    clearTimeout(form.timer);
    form.timer = setTimeout(() => refresh(form), event.type === "input" ? DEBOUNCE : 0);
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const part = entry.target;
      if (!entry.isIntersecting) continue;
      if (part.matches("form")) {
        seen.unobserve(part);
        refresh(part);
      } else {
        if (part.dataset.fresh === undefined) seen.unobserve(part);
        fill(part, part.dataset.part);
      }
    }
  });

  // What is under way says where to ask for more: it is asked again while it is still shown.
  function askAgain(root) {
    for (const running of root.querySelectorAll("[data-again]")) {
      setTimeout(() => {
        if (running.isConnected) fill(running.parentNode, running.dataset.again);
      }, 400);
    }
  }

  function upload(form, files) {
    const body = new FormData();
    for (const file of files) body.append("files", file);
    return fill(document.getElementById("import-job"), form.dataset.upload, { method: "POST", body });
  }

  function watchAll(root) {
    for (const part of root.querySelectorAll("[data-part]:not([data-watched]), form[data-into]:not([data-watched])")) {
      part.dataset.watched = "";
      seen.observe(part);
    }
  }

  new MutationObserver((records) => {
    for (const record of records)
      for (const node of record.addedNodes) if (node.nodeType === 1) watchAll(node.parentNode || node);
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form || !event.target.files.length) return;
    upload(form, event.target.files).then(() => form.reset());
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest && event.target.closest("form[data-upload]");
      if (!form) return;
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
      if (kind === "drop") upload(form, event.dataTransfer.files);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-decide]")) return;
    event.preventDefault();
    const skip = [...new FormData(form)].filter(([, value]) => value === "skip").map(([name]) => name);
    fill(form.parentNode, form.dataset.decide, { method: "POST", body: JSON.stringify(skip) });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-remove]");
    if (!button || !confirm(`从库里移除${button.dataset.name}？`)) return;
    const address = `desk/import/issue?key=${encodeURIComponent(button.dataset.remove)}`;
    fill(document.getElementById("import-held"), address, { method: "DELETE" });
  });
  // What changes something is sent by POST: a form, a single button, or a chosen file.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-send]")) return;
    event.preventDefault();
    const body = new FormData(form);
    fill(document.querySelector(form.dataset.to), form.dataset.send, { method: "POST", body });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-send]");
    if (!button) return;
    fill(document.querySelector(button.dataset.to), button.dataset.send, { method: "POST" });
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches("input[data-send-file]") || !box.files.length) return;
    const body = new FormData();
    body.append("files", box.files[0]);
    fill(box.closest(".part"), box.dataset.sendFile, { method: "POST", body });
  });
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-into]")) return;
    event.preventDefault();
    clearTimeout(form.timer);
    refresh(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-load]");
    if (!button) return;
    const target = document.querySelector(button.dataset.into);
    if (button.hasAttribute("aria-current"))
      for (const each of button.parentNode.children) each.setAttribute("aria-current", each === button);
    fill(target, button.dataset.load).then(() => {
      if (target.getBoundingClientRect().top < 0) target.scrollIntoView();
    });
  });

  return { fill };
})();
