package relay

import (
	"slices"
	"testing"

	"github.com/IBM/sarama"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"dossier/eventstore"
	"dossier/internal/devstack"
)

// remake deletes the topic and makes it again before a relay looks.
func (w *world) remake() {
	w.Helper()
	a := w.admin()
	if err := a.DeleteTopic(w.o.Topic); err != nil {
		w.Fatal(err)
	}
	eventually(w, "the topic made again", func() bool {
		return a.CreateTopic(w.o.Topic, &sarama.TopicDetail{NumPartitions: int32(w.o.Partitions), ReplicationFactor: 1}, false) == nil
	})
	eventually(w, "an empty topic", func() bool {
		stored, err := w.look()
		return err == nil && len(slices.Concat(stored...)) == 0
	})
}

// inEach returns a stream for each partition.
func (w *world) inEach() []uuid.UUID {
	ids := make([]uuid.UUID, w.o.Partitions)
	for slices.Contains(ids, uuid.Nil) {
		id := uuid.New()
		ids[eventstore.Lane(id)%w.o.Partitions] = id
	}
	return ids
}

// filledBehind waits until everything is in the topic behind some events that came into it too early, and checks it.
func (w *world) filledBehind(early, head int) {
	w.Helper()
	var stored [][]eventstore.Delivered
	eventually(w, "everything behind what came too early", func() bool {
		var err error
		stored, err = w.look()
		return err == nil && len(slices.Concat(stored...)) >= early+head
	})
	first := int64(head - early) // what came too early are the last events
	for p := range stored {
		n := slices.IndexFunc(stored[p], func(d eventstore.Delivered) bool { return d.Position <= first })
		stored[p] = stored[p][max(n, 0):]
	}
	w.told(1, stored)
}

func TestATopicMadeAgainIsFilledFromTheStartWhateverAPageHasReachedInKafka(t *testing.T) {
	t.Parallel()
	for name, remade := range map[string]func(w *world, each []uuid.UUID){
		"its answer tells: it reached all partitions": func(w *world, each []uuid.UUID) {
			w.write(24, each...)
			w.sentOnce()
			w.write(16, each...)
			_, letGo := w.onItsWay()
			w.remake()
			letGo()
		},
		"its answer cannot tell: there was nothing where it went": func(w *world, each []uuid.UUID) {
			w.write(24, each[:4]...)
			w.sentOnce()
			w.write(16, each[4:]...)
			_, letGo := w.onItsWay()
			w.remake()
			letGo()
		},
		"nobody is left who heard its answer": func(w *world, each []uuid.UUID) {
			w.write(24, each...)
			w.sentOnce()
			w.remake()
			w.write(16, each...)
			w.publish(24, 16)
			w.run(w.db.App)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, devstack.TestKafka(t))
			remade(w, w.inEach())
			w.filledBehind(16, 40)
		})
	}
}

// Brokers before 2.8 have no ids for topics.
func TestABrokerWithoutTopicIDsIsPublishedToAsWell(t *testing.T) {
	t.Parallel()
	old, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.MaxVersions(kversion.V2_6_0()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(old.Close)
	w := newWorld(t, old.ListenAddrs())
	each := w.inEach()
	w.write(24, each...)
	w.sentOnce()
	kafka, err := connect(w.o.defaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.close()
	if kafka.id != uuid.Nil {
		t.Errorf("the topic has id %s", kafka.id)
	}
	w.write(16, each...)
	_, letGo := w.onItsWay()
	w.remake()
	letGo()
	w.filledBehind(16, 40)
}
