// The page's own behaviour: citations, whole issues, copying. No text is turned into HTML here;
// what comes from the server is already escaped.
window.bulletinPage = (() => {
  "use strict";
  let server = null;
  let tell = null;

  document.documentElement.lang = "zh-CN";

  function connect(serverFunctions, trigger) {
    server = serverFunctions;
    tell = trigger;
  }

  function ask(data) {
    tell("submit", data);
  }

  function say(words) {
    const place = document.getElementById("said");
    place.textContent = words;
    place.classList.add("shown");
    clearTimeout(say.timer);
    say.timer = setTimeout(() => place.classList.remove("shown"), 2500);
  }

  function still() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  function reveal(card) {
    card.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
    for (const other of document.querySelectorAll(".card.pointed")) other.classList.remove("pointed");
    card.classList.add("pointed");
    card.focus({ preventScroll: true });
  }

  async function openIssue(button) {
    const dialog = document.getElementById("issue");
    const body = dialog.querySelector(".issue-body");
    const title = dialog.querySelector(".bar span");
    title.textContent = "原文";
    body.textContent = "正在打开原文……";
    dialog.showModal();
    try {
      body.innerHTML = await server.read_issue({
        chunk: button.dataset.open,
        start: Number(button.dataset.start),
        end: Number(button.dataset.end),
      });
    } catch {
      body.textContent = "没有取到原文，请检查网络后重试。";
      return;
    }
    const label = body.querySelector(".issue-label");
    if (label) title.replaceChildren(...label.cloneNode(true).childNodes);
    const target = body.querySelector("mark") || body.querySelector(".cited");
    if (target) target.scrollIntoView({ block: "center" });
    else body.scrollTop = 0;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers give no clipboard to http:// pages of an intranet address.
      const area = document.createElement("textarea");
      area.value = text;
      area.style.position = "fixed";
      area.style.opacity = "0";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) return say("没有复制成功，请手工选中后复制");
    }
    say("已复制");
  }

  function place(button) {
    const turn = button.closest(".turn");
    return { talk: turn.dataset.talk, turn: Number(turn.dataset.turn) };
  }

  // A small box in place of what is changed: Enter or 提问 sends it, Escape puts back what was.
  function askInPlace(target, words, list, send) {
    const form = document.createElement("form");
    form.className = "in-place";
    const box = document.createElement("input");
    box.value = words;
    box.setAttribute("aria-label", "修改后按回车重新提问");
    if (list) box.setAttribute("list", list);
    const go = document.createElement("button");
    go.textContent = "提问";
    form.append(box, go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (box.value.trim()) send(box.value.trim());
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") form.replaceWith(target);
    });
    target.replaceWith(form);
    box.focus();
    box.select();
  }

  async function changeChip(button) {
    const kind = { 部门: "department", 栏目: "section" }[button.dataset.kind];
    const where = place(button);
    const chip = Number(button.dataset.change);
    if (kind) fillNames(kind);
    askInPlace(button, button.textContent, kind && `names-${kind}`, (words) =>
      ask({ ...where, chip, words })
    );
  }

  async function fillNames(kind) {
    const list = document.getElementById(`names-${kind}`);
    if (list.children.length) return;
    const answer = await fetch(`desk/names/${kind}`);
    if (!answer.ok) return;
    for (const name of await answer.json()) {
      const option = document.createElement("option");
      option.value = name;
      list.append(option);
    }
  }

  async function judge(where, verdict) {
    const answer = await fetch("desk/feedback", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...where, ...verdict }),
    }).catch(() => null);
    say(answer && answer.ok ? (await answer.json()).said : "没有记下，请稍后再试");
    return Boolean(answer && answer.ok);
  }

  async function openRecords() {
    const dialog = document.getElementById("talks");
    if (!dialog.open) dialog.showModal();
    await bulletinParts.fill(dialog.querySelector(".talks-body"), "desk/conversations");
  }

  async function forget(id) {
    const body = document.querySelector("#talks .talks-body");
    await bulletinParts.fill(body, `desk/conversations/${id}`, { method: "DELETE" });
  }

  function followAnswer() {
    setTimeout(() => {
      const current = document.getElementById("current");
      if (current) current.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
    }, 120);
  }

  // Gradio's own messages, which it has in English only.
  const IN_CHINESE = new Map([
    ["Error", "出错"],
    ["Warning", "提示"],
    ["Connection Lost", "连接断了"],
    [
      "Connection to the server was lost. Attempting reconnection...",
      "与服务器的连接断了，正在重新连接；连上后页面会自己刷新，对话在“记录与导出”里。",
    ],
    ["Connection errored out.", "没有连上，请稍后再试。"],
    ["This application is currently busy. Please try again.", "系统繁忙，请稍后再试。"],
  ]);

  function translate(node) {
    const toasts = node.closest(".toast-wrap") ? [node] : node.querySelectorAll(".toast-wrap");
    for (const toast of toasts) {
      const texts = document.createTreeWalker(toast, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const words = IN_CHINESE.get(texts.currentNode.data.trim());
        if (words) texts.currentNode.data = words;
      }
    }
  }

  new MutationObserver((records) => {
    for (const record of records)
      for (const node of record.addedNodes) if (node.nodeType === 1) translate(node);
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("click", (event) => {
    if (event.target.tagName === "DIALOG") return event.target.close();
    const button = event.target.closest("button, [role=button][data-open]");
    if (!button) return;
    const data = button.dataset;
    if (data.cite !== undefined) {
      const turn = button.closest(".turn");
      const card = turn && turn.querySelector(`.card[data-number="${Number(data.cite)}"]`);
      if (card) reveal(card);
    } else if (data.open !== undefined) {
      openIssue(button);
    } else if (data.copy !== undefined) {
      copy(data.copy);
    } else if (data.unfold !== undefined) {
      const open = button.closest(".card").classList.toggle("open");
      button.textContent = open ? "收起" : "展开整条";
    } else if (data.ask !== undefined) {
      ask({ question: data.ask });
    } else if (data.change !== undefined) {
      changeChip(button);
    } else if (data.chip !== undefined) {
      ask({ ...place(button), chip: Number(data.chip), words: data.words });
    } else if (data.retry !== undefined) {
      ask({ question: "", replace: true });
    } else if (data.edit !== undefined) {
      const heading = button.closest(".turn").querySelector("h2.question");
      if (heading)
        askInPlace(heading, heading.textContent, "", (question) => ask({ question, replace: true }));
    } else if (data.verdict !== undefined) {
      const form = button.closest(".answer").querySelector(".complaint");
      form.hidden = data.verdict === "up" || !form.hidden;
      if (data.verdict === "up") judge(place(button), { helpful: true });
      for (const each of button.parentNode.children) each.classList.toggle("given", each === button);
    } else if (data.reopen !== undefined) {
      button.closest("dialog").close();
      tell("select", { id: data.reopen });
      followAnswer();
    } else if (data.forget !== undefined) {
      forget(data.forget);
    } else if (data.close !== undefined) {
      button.closest("dialog").close();
    }
  });

  // Points of a chart are no buttons to the browser.
  document.addEventListener("keydown", (event) => {
    const point = event.target.closest && event.target.closest("g[data-open]");
    if (!point || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    openIssue(point);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches(".complaint")) return;
    event.preventDefault();
    const verdict = { helpful: false, reason: form.reason.value, correct: form.correct.value };
    if (await judge(place(form), verdict)) form.hidden = true;
  });

  return { connect, followAnswer, openRecords, say };
})();
