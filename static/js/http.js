// @ts-check
/** Requests to our own API. Errors carry the server's code and a sentence a person can read. */

import { csrfToken } from "./config.js";

export class ApiError extends Error {
  /**
   * @param {number} status 0 when no answer came at all
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Worth another try: no answer, too fast, or trouble on the server's side. */
  get isRetryable() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @template T
 * @param {string} path
 * @param {{method?: "GET" | "POST", json?: unknown, audio?: Uint8Array<ArrayBuffer>, signal?: AbortSignal}} [options]
 * @returns {Promise<T>}
 * @throws {ApiError} also for a lost network and for a time that is over; another abort passes through as it is
 */
export async function request(path, { method = "GET", json, audio, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method === "POST") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (audio) headers["Content-Type"] = "application/octet-stream";
  const body = audio ?? (json === undefined ? null : JSON.stringify(json));
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal: signal ?? null, credentials: "same-origin" });
  } catch (error) {
    if (signal?.aborted && signal.reason?.name === "TimeoutError") {
      throw new ApiError(0, "timeout", "The server did not answer in time.");
    }
    if (signal?.aborted) throw error;
    throw new ApiError(0, "offline", "No connection to the server.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(response.status, answer.code ?? "http", answer.message ?? answer.detail ?? "The server could not do that.");
}
