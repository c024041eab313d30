import { Query, Tags } from "@dcb-es/event-store"
import { PostgresEventStore } from "@dcb-es/event-store-postgres"
import pg from "pg"
import { serve, version } from "./driver.mjs"

const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: Number(process.env.BENCH_POOL) })
const store = new PostgresEventStore({ pool })
await store.ensureInstalled()
let head // a position known before the dossier is looked at

await serve({
    version: version("@dcb-es/event-store-postgres"),
    // The expected version in its terms: fail if an event of this type came to carry this dossier's tag after the head. Without
    // the head it searches all of history and is many times slower.
    append: async (id, events) => {
        const tags = Tags.fromObj({ dossier: id })
        head = await store.append({
            events: events.map(e => ({ ...e, tags })),
            condition: { failIfEventsMatch: Query.fromItems([{ types: [events[0].type], tags }]), after: head },
        })
    },
    readAll: async limit => {
        let seen = 0
        for await (const _ of store.read(Query.all(), { limit })) seen++
        return seen
    },
    close: () => pool.end(),
})
