// One Node process per peer: a request a line on stdin, an answer a line on stdout, one at a time.
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"

const sample = JSON.parse(process.env.BENCH_EVENT)
export const newEvent = () => ({ type: sample.type, data: sample.data, metadata: { ...sample.meta, id: randomUUID() } })
export const newEvents = n => Array.from({ length: n }, newEvent)
export const version = name => JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version

// Writers append to new streams, each its next one when the last is acknowledged, until the span is over.
async function throughput(append, { writers, batch, ms }) {
    const began = performance.now()
    let done = 0
    await Promise.all(Array.from({ length: writers }, async () => {
        while (performance.now() - began < ms) {
            await append(randomUUID(), newEvents(batch))
            done += batch
        }
    }))
    return done / ((performance.now() - began) / 1000)
}

async function drain(readAll, { limit }) {
    const began = performance.now()
    const seen = await readAll(limit)
    if (seen < limit) throw new Error(`read ${seen} of ${limit} events`)
    return seen / ((performance.now() - began) / 1000)
}

export async function serve({ version, append, readAll, close }) {
    const answer = v => process.stdout.write(JSON.stringify(v) + "\n")
    answer({ version })
    for await (const line of createInterface({ input: process.stdin })) {
        const q = JSON.parse(line)
        try {
            answer({ rate: await (q.op === "append" ? throughput(append, q) : drain(readAll, q)) })
        } catch (e) {
            answer({ error: String(e?.stack ?? e) })
        }
    }
    await close()
    process.exit(0)
}
