/* Figures as a person reads them: minus is U+2212, thousands are commas, times are UTC, a missing figure is an em dash. */

const MINUS = "−";
const NOTHING = "—";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `value` with exactly `places` decimals: 1234.5 gives "1,234.50"; what rounds to zero has no sign. */
function fixed(value, places) {
  if (!Number.isFinite(value)) return NOTHING;
  const text = Math.abs(value).toFixed(places);
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const body = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? MINUS + body : body;
}

/** Like `fixed`, with a plus before what is above zero after rounding. */
function signed(value, places) {
  const text = fixed(value, places);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** What tints a signed figure, decided by the text shown: "0.00" is never tinted. */
function tone(text) {
  if (!/[1-9]/.test(text)) return "";
  return text.startsWith(MINUS) ? "loss" : text.startsWith("+") ? "gain" : "";
}

function percent(fraction, places = 2) {
  return Number.isFinite(fraction) ? `${fixed(fraction * 100, places)}%` : NOTHING;
}

function twoDigits(value) {
  return String(value).padStart(2, "0");
}

/** "14:03", with seconds where there are any. */
function clock(ts) {
  const date = new Date(ts);
  const minutes = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`;
  return date.getUTCSeconds() ? `${minutes}:${twoDigits(date.getUTCSeconds())}` : minutes;
}

/** "21 Nov". */
function dayMonth(ts) {
  const date = new Date(ts);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** "21 Nov 2025 14:03"; days alone where the bars are days. */
function moment(ts, timeframe) {
  const day = `${dayMonth(ts)} ${new Date(ts).getUTCFullYear()}`;
  return timeframe % DAY === 0 && ts % DAY === 0 ? day : `${day} ${clock(ts)}`;
}

/** "1 bar", "2 bars". */
function plural(amount, one) {
  return `${fixed(amount, 0)} ${one}${amount === 1 ? "" : "s"}`;
}
