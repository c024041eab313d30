package relay

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/internal/devstack"
)

// archived makes partitions of 20 positions and returns a function that moves all to files that are not the newest, and the folder
// of the files.
func (w *world) archived() (archive func(), dir string) {
	w.Helper()
	ctx := context.Background()
	w.db.PartitionSize(w, 20)
	dir = w.TempDir()
	w.reopenWith(eventstore.Options{Archive: dir})
	return func() {
		w.Helper()
		_, err := w.db.Owner.Exec(ctx, `
			insert into views.checkpoints (projection, lane, previous, position)
			select 'dossiers', l, 0, 1000000 from generate_series(0, 63) l`)
		a, n := eventstore.NewArchive(w.db.Owner, dir), 0
		for ; err == nil; n++ {
			if _, err = a.Detach(ctx); err == nil {
				_, err = a.Drop(ctx)
			}
		}
		if n < 4 {
			w.Fatal(n, err)
		}
	}, dir
}

func TestAQuietPartitionWhoseLastEventIsArchivedIsNoForkOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	archive, _ := w.archived()
	each := w.inEach()
	w.write(30, each...)
	w.write(70, each[0])
	w.sentOnce()
	archive()
	r, _ := w.run(w.db.App)
	w.write(10, each...)
	w.carried(r)
	if repeated := w.told(1, w.stored()); repeated != 0 || r.Status().Role != Leader {
		t.Errorf("%d messages arrived twice, status is %+v", repeated, r.Status())
	}
}

func TestArchivedEventsArePublishedToATopicMadeAnewOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	archive, _ := w.archived()
	w.write(100, w.inEach()...)
	w.sentOnce()
	archive()
	w.o.Topic, w.o.Page, w.o.Lease = "relay."+uuid.NewString(), 30, 300*time.Millisecond
	said := w.listen()
	r, letGo := w.onItsWay()
	eventually(t, "renewals while the cursor stands at an archived event", func() bool {
		var n int
		err := w.db.App.QueryRow(context.Background(), `select count(*) from journal.relay_beats where epoch = 2`).Scan(&n)
		return err == nil && n > 3
	})
	letGo()
	w.carried(r)
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
	if strings.Contains(said.String(), "no longer has") {
		t.Errorf("an archived event was missed:\n%s", said)
	}
}

func TestArchivedEventsAreBroughtIntoPartitionsThatWereAddedOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	archive, _ := w.archived()
	each := w.inEach()
	w.o.Partitions = 4
	w.write(100, each...)
	w.sentOnce()
	archive()
	if err := w.admin().CreatePartitions(w.o.Topic, 8, nil, false); err != nil {
		t.Fatal(err)
	}
	r, _ := w.run(w.db.App)
	w.write(10, each...)
	w.carried(r)
	w.placed()
}

func TestAMissingArchiveFileIsNamedAndNothingIsSkippedOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	archive, dir := w.archived()
	w.write(100, w.inEach()...)
	w.sentOnce()
	archive()
	files, err := filepath.Glob(filepath.Join(dir, "*.zst"))
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	if err := os.Rename(files[1], files[1]+".away"); err != nil {
		t.Fatal(err)
	}
	w.o.Topic = "relay." + uuid.NewString()
	r, _ := w.run(w.db.App)
	eventually(t, "a status that says what to do", func() bool {
		s := r.Status().Err
		return strings.Contains(s, files[1]) && strings.Contains(s, "positions 21 to 40") && strings.Contains(s, "ARCHIVE_DIR")
	})
	for _, messages := range w.stored() {
		for _, d := range messages {
			if d.Position > 20 {
				t.Errorf("position %d was sent", d.Position)
			}
		}
	}
	if err := os.Rename(files[1]+".away", files[1]); err != nil {
		t.Fatal(err)
	}
	w.carried(r)
	w.told(1, w.stored())
	eventually(t, "no complaint", func() bool { return r.Status().Err == "" })
}

func TestRecoverFindsTheForkBehindArchivedEventsOverKafka(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, devstack.TestKafka(t))
	archive, dir := w.archived()
	each := w.inEach()
	w.write(90, each...)
	w.write(30, each[0])
	w.sentOnce()
	archive()
	w.loseTail(101)
	w.reopenWith(eventstore.Options{Archive: dir})
	w.write(5, each...)
	r, _ := w.run(w.db.App)
	eventually(t, "the relay halts", func() bool { return r.Status().Role == Halted })
	done, err := Recover(ctx, w.db.App, w.j, w.o, false)
	if err != nil || done.Fork != 102 || done.Orphans != 19 {
		t.Fatalf("recover says %+v, %v", done, err)
	}
	var last *uuid.UUID
	if err := w.db.App.QueryRow(ctx, `select fork_event_id from journal.generations where number = 2`).Scan(&last); err != nil || last == nil {
		t.Errorf("the last event both tell is %v, %v", last, err)
	}
	w.carried(r)
	w.newTelling(102)
}
