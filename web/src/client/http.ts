/** Asking the API: the token, JSON, and errors in the API's own words. */
import type { ErrorBody } from "./schema";

export const API = "/api/v1";
const TOKEN_KEY = "karat.token";

/** A failure in words: what, what to do, and the id under which the server's log has it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly requestId: string;

  constructor(status: number, code: string, message: string, hint: string, requestId: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.requestId = requestId;
  }
}

/** The token of this tab. An address with #token=... hands it over once and is cleaned at once. */
export function takeToken(): string | null {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (match?.[1]) {
    keepToken(decodeURIComponent(match[1]));
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN_KEY);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token.trim());
}

export function dropToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${sessionStorage.getItem(TOKEN_KEY) ?? ""}`);
  let response: Response;
  try {
    response = await fetch(API + path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, "no_answer", "Karat does not answer.", "Is `karat serve` running?", "");
  }
  if (response.ok) return response;
  throw await failure(response);
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(0, "broken_off", "Karat's answer broke off.", "", response.headers.get("X-Request-Id") ?? "");
  }
}

async function failure(response: Response): Promise<ApiError> {
  const id = response.headers.get("X-Request-Id") ?? "";
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(response.status, error.code, error.message, error.hint, id);
  } catch {
    return new ApiError(response.status, "unreadable", `The server answered ${response.status}.`, "", id);
  }
}
