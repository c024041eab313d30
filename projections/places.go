package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Dossiers have few different sets of places: a handful for each unit. A row names its set by a hash, and the table of sets grows by what is
// new; so which rows somebody sees is a list of sets, which an index answers without looking at a row.

// placeSet names a set of places; 0 is that of none.
func placeSet(places string) int64 {
	if places == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(places))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// registerSets must be in one transaction with the rows, and before them.
const registerSets = `
	insert into views.place_sets (id, places)
	select s.id, string_to_array(s.places, ' ')
	  from unnest($1::bigint[], $2::text[]) as s(id, places)
	on conflict do nothing`

// registered are the sets of rows as registerSets takes them, always in the same order: two transactions with the same sets wait for each
// other and never stand against each other.
func registered(sets map[int64]string) (ids []int64, places []string) {
	ids = slices.Sorted(maps.Keys(sets))
	for _, id := range ids {
		places = append(places, sets[id])
	}
	return ids, places
}

// shownSets are the sets of places in sight; nil: all there are.
func (v *Views) shownSets(ctx context.Context, s Sight) (*[]int64, error) {
	if s.All() {
		return nil, nil
	}
	all, err := v.placeSets(ctx)
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	own, others := setOf(s.Own), setOf(s.Others)
	ids := make([]int64, 0, len(all)+1)
	for id, places := range all {
		if s.sees(places, own, others) {
			ids = append(ids, id)
		}
	}
	if s.sees(nil, own, others) {
		ids = append(ids, 0)
	}
	if len(ids) == len(all)+1 {
		return nil, nil
	}
	slices.Sort(ids)
	return &ids, nil
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

// placeSets reads the table of sets where it has grown: nothing is ever taken out of it.
func (v *Views) placeSets(ctx context.Context) (map[int64][]string, error) {
	var n int
	if err := v.pool.QueryRow(ctx, `select count(*) from views.place_sets`).Scan(&n); err != nil {
		return nil, err
	}
	v.setsMu.Lock()
	known := v.sets
	v.setsMu.Unlock()
	if len(known) >= n {
		return known, nil
	}
	rows, err := v.pool.Query(ctx, `select id, places from views.place_sets`)
	if err != nil {
		return nil, err
	}
	known = map[int64][]string{}
	var id int64
	var places []string
	if _, err := pgx.ForEachRow(rows, []any{&id, &places}, func() error {
		if placeSet(strings.Join(places, " ")) != id { // or somebody would see what is none of his
			return fmt.Errorf("set %d of views.place_sets was changed by hand: it does not hold what its name says", id)
		}
		known[id] = slices.Clone(places)
		return nil
	}); err != nil {
		return nil, err
	}
	v.setsMu.Lock()
	defer v.setsMu.Unlock()
	if len(known) > len(v.sets) {
		v.sets = known
	}
	return known, nil
}
