import { useMemo } from "react";
import { useQuery, useSubscription } from "urql";
import { MemberFeedDocument, type MemberFeedSubscription, MemberPageDocument } from "./gql/graphql";

type Update = MemberFeedSubscription["memberUpdates"];

/** A member's standing, and what happens to it: the page first, then what came after its newest entry. */
export function MemberPage({ externalId }: { externalId: string }) {
  const variables = useMemo(() => ({ ref: { externalId } }), [externalId]);
  const [page] = useQuery({ query: MemberPageDocument, variables });
  const first = page.data?.member?.journal.edges;
  const [feed] = useSubscription(
    {
      query: MemberFeedDocument,
      variables: { ...variables, after: first?.[0]?.cursor },
      pause: first === undefined,
    },
    (seen: Update[] = [], { memberUpdates }) => [memberUpdates, ...seen].slice(0, 10),
  );
  const problem = page.error ?? feed.error;
  if (problem) return <p role="alert">{problem.message}</p>;
  if (page.data && !page.data.member) return <p>There is no member {externalId}.</p>;
  if (!page.data?.member) return <p>Reading …</p>;
  const member = feed.data?.[0]?.member ?? page.data.member;
  const happened = [...(feed.data ?? []).map((it) => it.activity), ...page.data.member.journal.edges.map((it) => it.node)];
  return (
    <section aria-label="Member">
      <h2>{member.displayName ?? member.externalId}</h2>
      <dl>
        {member.wallets.map((wallet) => (
          <div key={wallet.id}>
            <dt>{wallet.name}</dt>
            <dd>{wallet.spendable}</dd>
          </div>
        ))}
      </dl>
      {member.tiers.map((it) => (
        <p key={it.id}>
          {it.tier.name}
          {it.next && `, ${it.missing} to ${it.next.name}`}
        </p>
      ))}
      <h3>What happened</h3>
      {happened.length === 0 && <p>Nothing yet.</p>}
      <ul>
        {happened.slice(0, 10).map((activity) => (
          <li key={activity.id}>
            {activity.type}: {activity.effects.map((it) => it.summary).join("; ") || "no effect"}
          </li>
        ))}
      </ul>
    </section>
  );
}
