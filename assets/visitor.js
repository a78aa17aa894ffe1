/* What depends on who is looking: the language, the clock, and times in words. */
import { createElement, useEffect, useSyncExternalStore } from "react";

const hear = (changed) => {
  const watcher = new MutationObserver(changed);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
  requestAnimationFrame(() => document.documentElement.classList.remove("turning"));
  return () => watcher.disconnect();
};
const language = () => (document.documentElement.lang === "en" ? "en" : "ko");

export const useLanguage = () => useSyncExternalStore(hear, language, () => "ko");

export const fill = (sentence, values) =>
  (sentence || "").replace(/\{(\w+)\}/g, (all, name) => values?.[name] ?? all);

/* The campus's clock: the visitor's own may be wrong or in another zone. */
const campus = { zone: undefined, ahead: 0 };
const now = () => Date.now() + campus.ahead;

export const CampusClock = ({ now: told, zone }) => {
  useEffect(() => {
    if (!told) return;
    campus.zone = zone || undefined;
    campus.ahead = Date.parse(told) - Date.now();
    tick();
  }, [told, zone]);
  return null;
};

const listeners = new Set();
let timer;
const tick = () => listeners.forEach((listener) => listener());
const everySecond = (listener) => {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) timer = clearInterval(timer);
  };
};
const useTicking = (text) => useSyncExternalStore(everySecond, text, () => "");

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const relative = (seconds, lang) => {
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) || STEPS[3];
  const words = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  return words.format(Math.trunc(seconds / size), unit);
};

const exact = (at, lang) =>
  new Intl.DateTimeFormat(lang, {
    year: "numeric", month: "long", day: "numeric", weekday: "short", hour: "numeric", minute: "2-digit",
    second: "2-digit", timeZone: campus.zone, timeZoneName: "short",
  }).format(new Date(at));

const agoWords = (at, lang, justNow) => {
  const seconds = Math.round((Date.parse(at) - now()) / 1000);
  return Math.abs(seconds) < 5 ? justNow : relative(Math.min(seconds, 0), lang);
};

/* "3분 전", the exact campus time on hover; `pattern` puts words around it. */
export const When = ({ at, justNow, pattern, className }) => {
  const lang = useLanguage();
  const text = useTicking(() => (at ? agoWords(at, lang, justNow) : ""));
  if (!at) return null;
  const words = pattern ? fill(pattern, { ago: text }) : text;
  return createElement("time", { dateTime: at, title: text && exact(at, lang), className }, words);
};

const dayOf = (moment) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: campus.zone }).format(new Date(moment));

const dateWords = (on, lang) => {
  const date = new Date(`${on}T12:00:00Z`);
  const sameYear = on.slice(0, 4) === dayOf(now()).slice(0, 4);
  const words = (form) => new Intl.DateTimeFormat(lang, { timeZone: "UTC", ...form }).format(date);
  const weekday = words({ weekday: "short" });
  const day = words({
    month: lang === "ko" ? "long" : "short", day: "numeric", ...(sameYear ? {} : { year: "numeric" }),
  });
  return lang === "ko" ? `${day} (${weekday})` : `${weekday}, ${day}`;
};

const daysWords = (on, lang) => {
  const days = Math.round((Date.parse(on) - Date.parse(dayOf(now()))) / 86400000);
  return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(days, "day");
};

/* A campus date that ends something: always exact, with the days to go behind it. */
export const Day = ({ on, bare }) => {
  const lang = useLanguage();
  const text = useTicking(() => (on ? dateWords(on, lang) : ""));
  const left = useTicking(() => (on ? daysWords(on, lang) : ""));
  if (!on) return null;
  const rest = bare ? null : createElement("span", { className: "quiet small" }, ` ${left}`);
  return createElement("time", { dateTime: on }, text, rest);
};

const lasting = (seconds, lang) => {
  const words = (value, unit) =>
    new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(value);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${words(Math.floor(minutes / 60), "hour")} ${words(minutes % 60, "minute")}`;
  return minutes ? `${words(minutes, "minute")} ${words(seconds % 60, "second")}` : words(seconds, "second");
};

/* How long something has lasted, moving by itself until `until` is known. */
export const Elapsed = ({ since, until, pattern }) => {
  const lang = useLanguage();
  const text = useTicking(() => {
    if (!since) return "";
    const end = until ? Date.parse(until) : now();
    return lasting(Math.max(0, Math.round((end - Date.parse(since)) / 1000)), lang);
  });
  return text ? createElement("span", { className: "figures" }, pattern ? fill(pattern, { time: text }) : text) : null;
};

/* The page's title, in the visitor's language. */
export const PageTitle = ({ text }) => {
  useEffect(() => {
    document.title = text;
  }, [text]);
  return null;
};
