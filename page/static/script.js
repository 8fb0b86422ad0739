// The page's own behaviour: citations, whole issues, copying. No text is turned into HTML here;
// what comes from the server is already escaped.
window.bulletinPage = (() => {
  "use strict";
  let server = null;
  let ask = null;

  document.documentElement.lang = "zh-CN";

  function connect(element, serverFunctions, askQuestion) {
    server = serverFunctions;
    ask = askQuestion;
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
    if (label) title.textContent = label.textContent;
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

  function followAnswer() {
    setTimeout(() => {
      const current = document.getElementById("current");
      if (current) current.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
    }, 120);
  }

  document.addEventListener("click", (event) => {
    if (event.target.id === "issue") return event.target.close();
    const button = event.target.closest("button");
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
    } else if (data.close !== undefined) {
      button.closest("dialog").close();
    }
  });

  return { connect, followAnswer };
})();
