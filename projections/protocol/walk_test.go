package protocol

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// walk is every world that can be reached, in the order of their distance from the beginning.
type walk struct {
	k      walker
	worlds []world
	from   []int32
	seen   map[world]int32
	quiet  [][]int32 // by world, from where it is reached without a fault
	edges  int
	limit  int
}

// finding is what breaks a promise, with the shortest way to it.
type finding struct {
	wrong string
	trace []string
}

// explore visits everything. It stops at the first broken promise; without one it looks for worlds with no way to completion.
func explore(b bounds, on guard, limit int) (*walk, *finding) {
	x := &walk{k: walker{bounds: b, on: on}, seen: map[world]int32{}, limit: limit}
	x.visit(world{}, -1)
	for i := int32(0); int(i) < len(x.worlds) && len(x.worlds) < limit; i++ {
		for _, m := range x.k.steps(x.worlds[i]) {
			x.edges++
			if m.wrong != "" {
				return x, &finding{m.wrong, append(x.trace(i), m.name)}
			}
			to := x.visit(m.to, i)
			if !m.fault {
				x.quiet[to] = append(x.quiet[to], i)
			}
		}
	}
	return x, x.stuck()
}

func (x *walk) visit(w world, from int32) int32 {
	if i, ok := x.seen[w]; ok {
		return i
	}
	i := int32(len(x.worlds))
	x.seen[w] = i
	x.worlds, x.from, x.quiet = append(x.worlds, w), append(x.from, from), append(x.quiet, nil)
	return i
}

// stuck looks for the nearest world from which no way without a fault leads to everything being done.
func (x *walk) stuck() *finding {
	saved := make([]bool, len(x.worlds))
	var queue []int32
	for i := range x.worlds {
		if x.k.complete(&x.worlds[i]) {
			saved[i], queue = true, append(queue, int32(i))
		}
	}
	for len(queue) > 0 {
		last := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, i := range x.quiet[last] {
			if !saved[i] {
				saved[i], queue = true, append(queue, i)
			}
		}
	}
	if i := slices.Index(saved, false); i >= 0 {
		return &finding{"the views or Kafka can never be complete again", x.trace(int32(i))}
	}
	return nil
}

// trace names the steps to a world.
func (x *walk) trace(i int32) (names []string) {
	for ; x.from[i] >= 0; i = x.from[i] {
		for _, m := range x.k.steps(x.worlds[x.from[i]]) {
			if m.to == x.worlds[i] {
				names = append(names, m.name)
				break
			}
		}
	}
	slices.Reverse(names)
	return names
}

func (f *finding) String() string {
	if f == nil {
		return "nothing breaks"
	}
	return f.wrong + ":\n  " + strings.Join(f.trace, "\n  ")
}

// scenes are the worlds that are walked through in each run of the tests, by what can happen in them.
var scenes = map[string]bounds{
	"two engines": {events: 3, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 2}},
	"two relays":  {events: 2, faults: 1, relays: 2, engines: 1, streams: []uint8{0, 2}, remake: true},
	"failover":    {events: 3, faults: 1, relays: 1, engines: 1, streams: []uint8{0, 2}, failover: true},
	"torn pages":  {events: 3, faults: 2, relays: 1, streams: []uint8{0, 2}, failover: true, torn: true},
	"poison":      {events: 2, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 1}, poison: true},
	"no relay":    {events: 3, faults: 1, engines: 2, streams: []uint8{0}, failover: true, apart: true, remember: true},
}

// larger are walked through when DOSSIER_LONG is set.
var larger = map[string]bounds{
	"poison, three events":     {events: 3, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 1}, poison: true},
	"two relays, three events": {events: 3, faults: 1, relays: 2, engines: 1, streams: []uint8{0, 2}, remake: true},
	"two engines, four events": {events: 4, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 2}, remake: true},
	"failover, two engines":    {events: 3, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 2}, failover: true},
	"memories":                 {events: 3, faults: 1, relays: 1, engines: 2, streams: []uint8{0}, failover: true, remember: true},
	"failover, four events":    {events: 4, faults: 1, relays: 1, engines: 1, streams: []uint8{0, 2}, failover: true},
	"failover, two relays":     {events: 3, faults: 1, relays: 2, engines: 1, streams: []uint8{0, 2}, failover: true},
	"torn pages, four events":  {events: 4, faults: 3, relays: 1, streams: []uint8{0, 2}, failover: true, torn: true},
	"torn pages, new topics":   {events: 4, faults: 3, relays: 1, streams: []uint8{0, 2}, remake: true, torn: true},
	"poison, four events":      {events: 4, faults: 1, relays: 1, engines: 2, streams: []uint8{0, 1}, poison: true},
}

const mostWorlds = 6_000_000

func TestNoWalkThroughTheProtocolBreaksAPromise(t *testing.T) {
	t.Parallel()
	all := scenes
	if os.Getenv("DOSSIER_LONG") != "" {
		all = larger
	}
	for name, b := range all {
		x, found := explore(b, allGuards, mostWorlds)
		t.Logf("%s: %d worlds, %d steps", name, len(x.worlds), x.edges)
		if found != nil || len(x.worlds) >= mostWorlds {
			t.Errorf("%s, %d worlds: %v", name, len(x.worlds), found)
		}
	}
}

// needs says in which scene a guard is missed.
var needs = map[guard]string{
	skipSeen: "two engines", seePrevious: "two engines", compareAndSet: "two engines", confirm: "failover", refuseOld: "failover",
	withinHead: "failover", lookAround: "two engines", oneConnection: "no relay", keepConfirmed: "memories", compareTails: "failover",
	oneMoment: "torn pages", sameHistory: "failover", fillHistory: "torn pages", notAgain: "torn pages", noticeRemade: "two relays", otherTopic: "two relays", stillParked: "poison", parkWithMove: "poison",
}

func TestEveryGuardOfTheProtocolIsNeeded(t *testing.T) {
	t.Parallel()
	for g, name := range guards {
		b, short := scenes[needs[g]]
		if !short {
			b = larger[needs[g]]
		}
		x, found := explore(b, allGuards&^g, mostWorlds)
		if found == nil {
			t.Errorf("without %q nothing breaks in %q: %d worlds", name, needs[g], len(x.worlds))
			continue
		}
		if testing.Verbose() {
			fmt.Printf("without %q, in %q: %v\n", name, needs[g], found)
		}
	}
}
