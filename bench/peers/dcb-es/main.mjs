import { Query, Tags } from "@dcb-es/event-store"
import { PostgresEventStore } from "@dcb-es/event-store-postgres"
import pg from "pg"
import { serve, version } from "./driver.mjs"

const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: Number(process.env.BENCH_POOL) })
const store = new PostgresEventStore({ pool })
await store.ensureInstalled()

await serve({
    version: version("@dcb-es/event-store-postgres"),
    // The expected version in its terms: fail if an event of this type already carries this dossier's tag.
    append: (id, events) => {
        const tags = Tags.fromObj({ dossier: id })
        return store.append({
            events: events.map(e => ({ ...e, tags })),
            condition: { failIfEventsMatch: Query.fromItems([{ types: [events[0].type], tags }]) },
        })
    },
    readAll: async limit => {
        let seen = 0
        for await (const _ of store.read(Query.all(), { limit })) seen++
        return seen
    },
    close: () => pool.end(),
})
