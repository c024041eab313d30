package projections

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"

	"dossier/eventstore/relay"
	"dossier/internal/devstack"
)

// piped is a stack with a relay that publishes to a topic of its own.
type piped struct {
	*stack
	brokers []string
	topic   string
}

func newPiped(t *testing.T) *piped {
	t.Helper()
	p := &piped{stack: newStack(t), brokers: devstack.TestKafka(t), topic: "test." + uuid.NewString()}
	t.Cleanup(p.deleteTopic)
	return p
}

func (p *piped) relay() (stop func()) {
	return p.run(relay.New(p.db.App, p.journal, relay.Options{Brokers: p.brokers, Topic: p.topic, Partitions: 64, Lease: time.Second}).Run)
}

func (p *piped) options() Options {
	return Options{Brokers: p.brokers, Topic: p.topic, Group: p.topic}
}

func (p *piped) admin(do func(sarama.ClusterAdmin) error) {
	p.Helper()
	a, err := sarama.NewClusterAdmin(p.brokers, relay.SaramaConfig(relay.Options{}))
	if err != nil {
		p.Fatalf("connect to kafka: %v", err)
	}
	defer a.Close() //nolint:errcheck // of a test
	if err := do(a); err != nil {
		p.Fatalf("kafka: %v", err)
	}
}

func (p *piped) deleteTopic() {
	p.admin(func(a sarama.ClusterAdmin) error { _ = a.DeleteTopic(p.topic); return nil })
}

func TestCommandsShowThroughKafka(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	p.live(100)
	p.relay()
	e, _ := p.start(p.options())
	p.views.Follow(e)
	p.arrive()
	p.eventually("heard something", func() bool { p.live(1); p.arrive(); return e.Status().Counters.Applied > e.Status().Counters.Healed })
	p.live(100)
	p.arrive()
	p.holds()
	p.eventually("all lanes moved up", func() bool { return e.holds(allLanes, p.head()) })
	p.eventually("a healthy status", func() bool {
		s := e.Status()
		return s.Healthy() && s.Listening && s.Projections[0].Behind == 0
	})
}

func TestTwoEnginesInTwoGroupsFightOverEveryLaneInKafka(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	p.relay()
	a, _ := p.start(p.options())
	zombie := p.options()
	zombie.Group += ".zombie" // it hears every message too, as one that does not know that it lost its lanes
	b, _ := p.start(zombie)
	p.eventually("both heard of it", func() bool {
		p.live(20)
		return a.Status().Counters.Lost > 0 && b.Status().Counters.Lost+b.Status().Counters.Skipped > 0
	})
	p.live(200)
	p.arrive()
	p.holds()
}

func TestADeletedTopicInKafkaHealsFromTheJournal(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	p.relay()
	e, _ := p.start(p.options())
	p.live(50)
	p.arrive()
	p.deleteTopic()
	p.live(50)
	p.arrive()
	p.holds()
	if e.Status().Err != "" {
		t.Errorf("status: %s", e.Status().Err)
	}
}

func TestARestartInTheMiddleOfKafkaLosesNothing(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	p.relay()
	for range 3 {
		_, stop := p.start(p.options())
		p.live(60)
		stop()
		p.live(20)
	}
	p.start(p.options())
	p.arrive()
	p.holds()
}

func TestALastMessageLostByKafkaIsReadFromTheJournal(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	stop := p.relay()
	p.live(30)
	p.eventually("published", func() bool { cursor, _, _, _ := relay.Head(p.ctx(), p.db.App); return cursor == p.head() })
	stop()
	p.deleteTopic() // with all that was in it, and nobody will publish it again
	e, _ := p.start(p.options())
	p.arrive()
	p.holds()
	if h := e.Status().Counters.Healed; h == 0 {
		t.Error("nothing was read from the journal")
	}
}

func TestWhileKafkaIsAwayTheStatusSaysSoAndNothingIsLost(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	k, err := devstack.StartKafka(devstack.KafkaOptions{Addr: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Stop() })
	p := &piped{stack: s, brokers: []string{k.Addr}, topic: relay.DefaultTopic}
	p.relay()
	e, _ := p.start(p.options())
	p.live(20)
	p.arrive()
	k.Stop()
	p.live(20)
	p.eventually("stale", func() bool { return e.Status().Stale != "" && !e.Status().Healthy() })
	p.arrive() // from the journal
	if k, err = devstack.StartKafka(devstack.KafkaOptions{Addr: k.Addr, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	p.arrive()
	p.holds()
	p.eventually("healthy again", func() bool { return e.Status().Healthy() })
}

func TestWithoutAnyRelayTheViewsInReachOfKafkaFollowTheJournal(t *testing.T) {
	t.Parallel()
	p := newPiped(t)
	p.live(30)
	old := p.messages()
	e, _ := p.start(p.options())
	p.arrive()
	// A relay that publishes from the beginning again tells only what is in.
	telling, stop := context.WithCancel(p.ctx())
	var told sync.WaitGroup
	told.Go(func() {
		for telling.Err() == nil {
			for _, d := range old {
				e.put(telling, d)
			}
		}
	})
	p.live(30)
	p.arrive()
	stop()
	told.Wait()
	p.holds()
	if e.Status().Counters.Skipped == 0 {
		t.Error("nothing was told again")
	}
}
