import { useQuery, useSubscription } from "urql";
import { BoardDocument, BoardsDocument } from "./gql/graphql";

/** The program's first leaderboard, live: each update is the whole state, so none is missed. */
export function Leaderboard() {
  const [boards] = useQuery({ query: BoardsDocument });
  const board = boards.data?.program.leaderboards[0];
  const [live] = useSubscription({
    query: BoardDocument,
    variables: { slug: board?.slug ?? "" },
    pause: board === undefined,
  });
  const problem = boards.error ?? live.error;
  if (problem) return <p role="alert">{problem.message}</p>;
  if (boards.data && !board) return <p>This program has no leaderboard.</p>;
  const state = live.data?.leaderboardUpdates;
  return (
    <section aria-label="Leaderboard">
      <h2>{board?.name ?? "Leaderboard"}</h2>
      {!state && <p>Waiting for the first state …</p>}
      {state?.total === 0 && <p>Nobody has scored yet.</p>}
      <ol>
        {state?.entries.map((entry) => (
          <li key={entry.id} value={entry.rank} aria-current={entry.profile.isViewer}>
            <span>{entry.profile.displayName ?? "Somebody"}</span> <output>{entry.score}</output>
          </li>
        ))}
      </ol>
    </section>
  );
}
