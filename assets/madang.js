/* Runs before the first paint, without any framework: the visitor's language,
   menus, dialogs, copying, and the one order whose answer holds a secret. */
(() => {
  "use strict";
  const root = document.documentElement;
  const LANGUAGES = ["ko", "en"];
  const COOKIE = "madang_language";

  const chosen = () => {
    const match = document.cookie.match(new RegExp(`(?:^|; )${COOKIE}=(\\w+)`));
    const wishes = [match && match[1], ...(navigator.languages || [navigator.language])];
    return wishes.map((wish) => (wish || "").slice(0, 2)).find((wish) => LANGUAGES.includes(wish)) || "ko";
  };

  const speak = (language) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${COOKIE}=${language}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.lang = language;
  };

  root.lang = chosen();
  if (root.lang !== "ko") {
    root.classList.add("turning");
    setTimeout(() => root.classList.remove("turning"), 3000);
  }

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copies || "");
    const text = source ? source.value : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      (button.closest("dialog") || document.body).append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 1600);
  };

  const save = (button) => {
    const source = document.getElementById(button.dataset.saves);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([source.value], { type: "application/x-pem-file" }));
    link.download = source.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const open = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
  };

  const fill = (chip) => {
    document.querySelector("input[name=handle]").value = chip.dataset.handle;
    document.querySelector("input[name=password]").value = chip.dataset.password;
    document.querySelector("form button[type=submit]").focus();
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a, summary, dialog");
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const inside = menu.contains(event.target);
      if (!inside || (target && target.matches(".item"))) menu.open = false;
    }
    if (!target) return;
    const { opens, closes, language } = target.dataset;
    if (opens) open(opens);
    if (closes !== undefined) target.closest("dialog")?.close();
    if (language) speak(language);
    if (target.dataset.copy !== undefined || target.dataset.copies) copy(target);
    if (target.dataset.saves) save(target);
    if (target.dataset.handle) fill(target);
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    const items = [...menu.querySelectorAll(".item:not(:disabled)")];
    const here = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (step && items.length) {
      event.preventDefault();
      items[(here + step + items.length) % items.length].focus();
    }
  });

  /* A secret is shown once and put away only by a deliberate press. */
  const KEY = "secret-key";
  document.addEventListener("cancel", (event) => {
    if (event.target.matches?.("dialog[data-held]")) event.preventDefault();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector("dialog[data-held][open]")) event.preventDefault();
  }, true);
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("dialog[data-held][open]")) event.preventDefault();
  });
  document.addEventListener("close", (event) => {
    if (event.target.matches?.("dialog[data-held]")) document.getElementById(KEY).value = "";
  }, true);

  const show = (name, key) => {
    const area = document.getElementById(KEY);
    area.value = key;
    area.scrollTop = 0;
    area.dataset.file = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.pem`;
    open("secret");
  };

  /* Order a machine. The password goes from its field straight into the request,
     the private key from the answer straight into its dialog; neither is passed on. */
  const order = async ({ key, ...wish }) => {
    const secret = document.querySelector("input[data-password]");
    const body = wish.access === "password" ? { ...wish, password: secret?.value ?? "" } : wish;
    if (wish.access === "password" && !body.password) {
      return { refused: "error.invalid", fields: { password: { type: "machines.password.missing" } } };
    }
    let answer, said;
    try {
      answer = await fetch("/api/v1/servers", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "Idempotency-Key": key, "Accept-Language": root.lang },
        body: JSON.stringify(body),
      });
      said = await answer.json();
    } catch {
      return { refused: "error.network", again: true };
    }
    if (!answer.ok) {
      return { refused: said.type || "error.unexpected", title: said.title || "", seconds: answer.headers.get("retry-after") || "", fields: said.fields || {} };
    }
    if (secret) secret.value = "";
    if (said.private_key) show(wish.name, said.private_key);
    return { id: said.id, holds_key: Boolean(said.private_key) };
  };

  /* Bring the first wrong field into view, unfolded and focused. */
  const point = (name) => {
    const field = document.querySelector(`[name="${name}"], [data-${name}]`);
    const folded = field?.closest("details");
    if (folded) folded.open = true;
    field?.focus({ preventScroll: true });
    field?.closest(".field, fieldset")?.scrollIntoView({ block: "center", behavior: "smooth" });
  };

  window.madang = { order, open, point };
})();
