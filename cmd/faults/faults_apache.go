package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/IBM/sarama"

	"dossier/internal/devstack/apachekafka"
)

// untilFenced is longer than a cluster takes to find a broker dead (broker.session.timeout.ms, 9 s) and to give its partitions to
// the others.
const untilFenced = 15 * time.Second

// apacheFaults are those of three real brokers.
var apacheFaults = []fault{
	{"broker killed", "broker", untilFenced, func(w *world, r *rand.Rand) (func() error, error) {
		a := w.kafka.(*apache)
		leader, err := a.controller()
		if err != nil {
			return nil, err
		}
		other := 1 + (leader+r.IntN(apachekafka.Brokers-1))%apachekafka.Brokers
		return func() error { return a.revive(other) }, a.kill(other)
	}},
	{"controller killed", "broker", untilFenced, func(w *world, _ *rand.Rand) (func() error, error) {
		a := w.kafka.(*apache)
		leader, err := a.controller()
		if err != nil {
			return nil, err
		}
		return func() error { return a.revive(leader) }, a.kill(leader)
	}},
	{"leaders moved", "broker", time.Second, func(w *world, r *rand.Rand) (func() error, error) {
		return done, w.place(apachekafka.Brokers, r.IntN(apachekafka.Brokers))
	}},
	{"replicas moved", "broker", 3 * time.Second, func(w *world, r *rand.Rand) (func() error, error) {
		err := w.place(apachekafka.Brokers-1, r.IntN(apachekafka.Brokers))
		return func() error { return w.place(apachekafka.Brokers, r.IntN(apachekafka.Brokers)) }, err
	}},
}

// place gives every partition to so many brokers and lets the first of them lead it.
func (w *world) place(replicas, shift int) error {
	return w.asAdmin(func(admin sarama.ClusterAdmin) error {
		all, err := w.partitions(admin)
		if err != nil || len(all) == 0 {
			return err
		}
		assignment, numbers := make([][]int32, len(all)), make([]int32, len(all))
		for _, p := range all {
			numbers[p.ID] = p.ID
			for i := range replicas {
				assignment[p.ID] = append(assignment[p.ID], 1+(p.ID+int32(shift+i))%apachekafka.Brokers)
			}
		}
		if err := admin.AlterPartitionReassignments(w.topic, assignment); err != nil {
			return fmt.Errorf("move partitions: %w", err)
		}
		return w.elect(admin, numbers)
	})
}

// elect fails while the first of a partition's brokers has not caught up.
func (w *world) elect(admin sarama.ClusterAdmin, numbers []int32) error {
	results, err := admin.ElectLeaders(sarama.PreferredElection, map[string][]int32{w.topic: numbers})
	if err != nil {
		return fmt.Errorf("elect leaders: %w", err)
	}
	for p, result := range results[w.topic] {
		if result.ErrorCode != sarama.ErrNoError && result.ErrorCode != sarama.ErrElectionNotNeeded {
			return fmt.Errorf("elect a leader of partition %d: %w", p, result.ErrorCode)
		}
	}
	return nil
}
