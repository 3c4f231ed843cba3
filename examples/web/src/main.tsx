import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { client, externalId } from "./client";
import { Leaderboard } from "./Leaderboard";
import { MemberPage } from "./MemberPage";

const place = document.getElementById("app");
if (!place) throw new Error("index.html has no element with the id app.");

createRoot(place).render(
  <StrictMode>
    <Provider value={client}>
      <Leaderboard />
      {externalId && <MemberPage externalId={externalId} />}
    </Provider>
  </StrictMode>,
);
