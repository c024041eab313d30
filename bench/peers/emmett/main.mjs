import { STREAM_DOES_NOT_EXIST } from "@event-driven-io/emmett"
import { getPostgreSQLEventStore, readMessagesBatch } from "@event-driven-io/emmett-postgresql"
import { dumbo } from "@event-driven-io/dumbo"
import pg from "pg"
import { serve, version } from "./driver.mjs"

const connectionString = process.env.BENCH_DATABASE
const pool = new pg.Pool({ connectionString, max: Number(process.env.BENCH_POOL) })
const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } })
await store.schema.migrate()
const reader = dumbo({ connectionString, pool })

await serve({
    version: version("@event-driven-io/emmett-postgresql"),
    append: (id, events) => store.appendToStream(`dossier-${id}`, events, { expectedStreamVersion: STREAM_DOES_NOT_EXIST }),
    // What its consumer does for every page, without the consumer's checkpoints and with pages of 2,000 in place of 100.
    readAll: async limit => {
        let after = 0n, seen = 0
        while (seen < limit) {
            const page = await readMessagesBatch(reader.execute, { after, batchSize: 2000 })
            if (page.messages.length === 0) break
            seen += page.messages.length
            after = page.currentGlobalPosition
        }
        return seen
    },
    close: async () => { await store.close(); await pool.end() },
})
