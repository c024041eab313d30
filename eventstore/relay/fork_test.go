package relay

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"

	"dossier/eventstore"
	"dossier/internal/devstack"
)

// loseTail does what a restored backup or a failover to a late replica does: everything after a position was never there.
func (w *world) loseTail(after int64) {
	w.Helper()
	n := strconv.FormatInt(after, 10)
	_, err := w.db.Owner.Exec(context.Background(), `
		set session_replication_role = replica;
		delete from journal.events where position > `+n+`;
		delete from journal.relay_beats where cursor > `+n+`;
		reset session_replication_role`)
	if err != nil {
		w.Fatal(err)
	}
}

// reopen makes a journal that does not remember the lost tail.
func (w *world) reopen() { w.reopenWith(eventstore.Options{}) }

func (w *world) reopenWith(o eventstore.Options) {
	w.Helper()
	w.j.Close()
	w.j = w.opened(w.db.App, o)
}

func TestAJournalThatCameBackWithoutItsTailIsNotContinuedOverKafka(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	if none, err := Recover(ctx, w.db.App, w.j, w.o, false); err != nil || none != (Recovery{Generation: 1}) {
		t.Errorf("without a topic recover says %+v, %v", none, err)
	}
	first, stop := w.run(w.db.App)
	w.write(100, many...)
	w.carried(first)
	stop()
	w.loseTail(70)
	w.reopen()
	w.write(10, many...) // 71 to 80 are other events now

	r, _ := w.run(w.db.App)
	eventually(t, "the relay halts", func() bool { return r.Status().Role == Halted })
	if s := r.Status(); !strings.Contains(s.Err, "dossier recover") || s.Cursor > 70 {
		t.Errorf("status is %+v", s)
	}
	told := func(want Trouble) func() bool {
		return func() bool { got, err := Told(ctx, w.db.App); return err == nil && got == want }
	}
	eventually(t, "other processes are told", told(KafkaDiffers))

	dry, err := Recover(ctx, w.db.App, w.j, w.o, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Recovery{Fork: 71, Generation: 2, Orphans: 30, Head: 80}); dry != want {
		t.Errorf("a dry run says %+v, want %+v", dry, want)
	}
	if s := r.Status(); s.Role != Halted {
		t.Errorf("a dry run changed the role to %s", s.Role)
	}

	done, err := Recover(ctx, w.db.App, w.j, w.o, false)
	if err != nil || !done.Done || done.Fork != 71 {
		t.Fatalf("recover says %+v, %v", done, err)
	}
	w.carried(r)
	eventually(t, "other processes are told that it is over", told(""))
	w.write(10, many...)
	w.carried(r)
	w.newTelling(71)

	again, err := Recover(ctx, w.db.App, w.j, w.o, false)
	if err != nil || again.Fork != 0 || again.Done || again.Generation != 2 {
		t.Errorf("a second recover says %+v, %v", again, err)
	}
}

// newTelling checks that who refuses what the generations say gets exactly the journal.
func (w *world) newTelling(from int64) {
	w.Helper()
	g, err := w.j.Generations(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	if len(g) != 2 || g[1].From != from {
		w.Fatalf("generations are %+v", g)
	}
	stored := w.stored()
	refused := 0
	for p := range stored {
		var kept []eventstore.Delivered
		for _, d := range stored[p] {
			if g.Refuses(d) {
				refused++
				continue
			}
			if want := g.Of(d.Position); d.Generation != want {
				w.Errorf("position %d is told by generation %d, not %d", d.Position, d.Generation, want)
			}
			kept = append(kept, d)
		}
		stored[p] = kept
	}
	if refused == 0 {
		w.Error("nothing was refused")
	}
	w.told(1, stored)
}

func TestALeaderNoticesThatItsJournalWasReplacedUnderItOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	r, _ := w.run(w.db.App)
	w.write(100, many...)
	w.carried(r)
	_, err := w.db.Owner.Exec(context.Background(), `
		set session_replication_role = replica;
		delete from journal.events where position > 70;
		reset session_replication_role`)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the relay halts", func() bool { return r.Status().Role == Halted })
	if _, err := Recover(context.Background(), w.db.App, w.j, w.o, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the relay leads again", func() bool { return r.Status().Role == Leader && r.Status().Generation == 2 })
	w.reopen()
	w.write(5, many...)
	w.carried(r)
	w.newTelling(71)
}

func TestAJournalThatDoesNotKnowKafkasGenerationIsNotContinuedOverKafka(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, devstack.TestKafka(t))
	if err := openGeneration(ctx, w.db.App, w.j, Recovery{Fork: 1, Generation: 2}); err != nil {
		t.Fatal(err)
	}
	r, stop := w.run(w.db.App)
	w.write(20, streams(20)...)
	w.carried(r)
	stop()
	_, err := w.db.Owner.Exec(ctx, `
		set session_replication_role = replica;
		delete from journal.generations where number = 2;
		reset session_replication_role`)
	if err != nil {
		t.Fatal(err)
	}
	r, _ = w.run(w.db.App)
	eventually(t, "the relay halts", func() bool { return r.Status().Role == Halted })
	if done, err := Recover(ctx, w.db.App, w.j, w.o, false); err != nil || done.Generation != 3 || done.Fork != 1 || done.Orphans != 0 {
		t.Fatalf("recover says %+v, %v", done, err)
	}
	eventually(t, "the relay leads again", func() bool { return r.Status().Role == Leader && r.Status().Generation == 3 })
}

// publish sends events as a relay does that is killed before it has moved its cursor.
func (w *world) publish(after int64, n int) {
	w.Helper()
	p, err := NewPublisher(w.o)
	if err != nil {
		w.Fatal(err)
	}
	defer p.Close()
	events, err := w.j.Page(context.Background(), after, n)
	if err != nil {
		w.Fatal(err)
	}
	prev, err := w.j.LaneEnds(context.Background(), after)
	if err != nil {
		w.Fatal(err)
	}
	messages := make([]*message.Message, len(events))
	for i, e := range events {
		messages[i] = Message(eventstore.Delivered{Event: e, Prev: prev[e.Lane], Generation: 1}, "/dossier")
		prev[e.Lane] = e.Position
	}
	if err := p.Publish(w.o.Topic, messages...); err != nil {
		w.Fatal(err)
	}
}
