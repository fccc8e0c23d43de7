/** Asked for when this tab has no token, or the token it has is refused. */
import { type FormEvent, useState } from "react";
import { dropToken, getJson, keepToken, ApiError } from "../client/http";
import type { Health } from "../client/schema";
import { Mark, Sign } from "../components/icons";

export function SignIn({ refused, onDone }: { refused: boolean; onDone: () => void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(refused ? "The token of this tab is not valid any more." : "");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    keepToken(token);
    try {
      await getJson<Health>("/health");
      onDone();
    } catch (error) {
      dropToken();
      setProblem(error instanceof ApiError ? error.message : "Karat does not answer.");
    }
  };
  return (
    <main className="grid min-h-screen place-items-center p-4">
      <form className="panel w-full max-w-sm p-6" onSubmit={(event) => void submit(event)}>
        <h1 className="flex items-center gap-2.5">
          <Mark /> Sign in to Karat
        </h1>
        <p className="mt-3 text-text-2">
          Open the address that <code className="text-text">karat serve</code> printed, or paste its token here. It stays in this tab.
        </p>
        <label className="mt-4 block text-xs text-text-3" htmlFor="token">
          Token
        </label>
        <div className="mt-1 flex gap-2">
          <input
            id="token"
            className="field min-w-0 grow font-mono"
            type="password"
            autoComplete="off"
            required
            autoFocus
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
          <button type="submit" className="button button-main">
            Sign in
          </button>
        </div>
        {problem && (
          <p className="mt-3 flex items-center gap-2" role="alert">
            <Sign status="fail" /> {problem}
          </p>
        )}
      </form>
    </main>
  );
}
