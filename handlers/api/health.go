package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"time"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/migrations"
	"dossier/projections"
)

// checkBound is the most /readyz takes, whatever hangs behind it.
const checkBound = 2 * time.Second

// silence is how long the relay's cursor may go without a sign of life when it runs in another process.
const silence = 15 * time.Second

// check is one thing that must hold before traffic is sent here.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // green, red
	VI     string `json:"vi"`
	EN     string `json:"en"`
}

func green(vi, en string) check { return check{Status: "green", VI: vi, EN: en} }
func red(vi, en string) check   { return check{Status: "red", VI: vi, EN: en} }

// question is one check before it is asked.
type question struct {
	name string
	ask  func(context.Context) check
}

// questions are what /readyz asks, in the order in which it shows the answers.
func (s *server) questions() []question {
	return []question{
		{"database", s.checkDatabase}, {"migrations", s.checkMigrations}, {"broker", s.checkBroker},
		{"projections", s.checkProjections}, {"parked", s.checkParked}, {"archive", s.checkArchive}, {"access", s.checkAccess}, {"timers", s.checkTimers},
	}
}

func (s *server) livez(w http.ResponseWriter, r *http.Request) {
	answerJSON(w, http.StatusOK, map[string]string{"status": "green"})
}

// readiness is the answer of /readyz.
type readiness struct {
	Status string  `json:"status"`
	Checks []check `json:"checks"`
}

func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	body := askAll(r.Context(), s.questions())
	status := http.StatusOK
	if body.Status == "red" {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	}
	answerJSON(w, status, body)
}

// askAll asks everything at once and answers in time also when something hangs.
func askAll(ctx context.Context, questions []question) readiness {
	ctx, cancel := context.WithTimeout(ctx, checkBound)
	defer cancel()
	answers := make([]chan check, len(questions))
	for i, q := range questions {
		answers[i] = make(chan check, 1)
		go func() { answers[i] <- q.ask(ctx) }()
	}
	all := readiness{Status: "green"}
	for i, q := range questions {
		var c check
		select {
		case c = <-answers[i]:
		case <-ctx.Done():
			c = red("không trả lời trong 2 giây", "no answer in 2 seconds")
		}
		c.Name = q.name
		if c.Status == "red" {
			all.Status = "red"
		}
		all.Checks = append(all.Checks, c)
	}
	return all
}

func (s *server) checkDatabase(ctx context.Context) check {
	if err := s.Pool.Ping(ctx); err != nil {
		return red("không nối được cơ sở dữ liệu", "the database cannot be reached")
	}
	return green("cơ sở dữ liệu trả lời", "the database answers")
}

func (s *server) checkMigrations(ctx context.Context) check {
	n, err := migrations.Pending(ctx, s.Pool)
	switch {
	case err != nil:
		return red("không đọc được các bước nâng cấp cơ sở dữ liệu", "the database's migrations cannot be read")
	case n > 0:
		return red(fmt.Sprintf("còn %d bước nâng cấp: chạy “dossier migrate up”", n), fmt.Sprintf("%d migrations are missing: run “dossier migrate up”", n))
	}
	return green("cơ sở dữ liệu đúng phiên bản", "the database is up to date")
}

// checkBroker judges Kafka by what the leading relay tells, wherever it runs: what leads there knows best.
func (s *server) checkBroker(ctx context.Context) check {
	told, err := relay.Told(ctx, s.Pool)
	switch {
	case err != nil:
		return red("không đọc được vị trí đã gửi lên Kafka", "what was sent to Kafka cannot be read")
	case told == relay.KafkaDiffers:
		return red("Kafka kể khác sổ sự kiện: chạy “dossier recover”", "Kafka tells what the journal does not: run “dossier recover”")
	case told == relay.Failing:
		return red("chưa gửi được sự kiện lên Kafka", "events cannot be sent to Kafka")
	}
	cursor, _, at, err := relay.Head(ctx, s.Pool)
	if err != nil {
		return red("không đọc được vị trí đã gửi lên Kafka", "what was sent to Kafka cannot be read")
	}
	if age := time.Since(at); age > silence {
		return red("không có tiến trình nào đang gửi sự kiện lên Kafka", "no process is sending events to Kafka")
	}
	return green(fmt.Sprintf("đã gửi lên Kafka đến sự kiện %d", cursor), fmt.Sprintf("sent to Kafka up to event %d", cursor))
}

func (s *server) checkProjections(ctx context.Context) check {
	if s.Engine != nil {
		if st := s.Engine.Status(); st.Err != "" || st.Stale != "" {
			return red("bảng xem chưa theo được sổ sự kiện", "the views do not follow the journal: "+st.Stale+st.Err)
		} else if st.Drift != "" {
			return red("bảng xem có dòng khác với sổ sự kiện: chạy “dossier projections rebuild”", "a view has a row that the journal does not tell: run “dossier projections rebuild”: "+st.Drift)
		}
	}
	standing, err := projections.Standing(ctx, s.Pool)
	if err != nil {
		return red("không đọc được mức cập nhật của bảng xem", "how far the views are cannot be read")
	}
	var behind int64
	for _, p := range standing {
		if p.Lag > s.LagMost {
			return red(fmt.Sprintf("bảng xem %s chậm %s", p.Name, p.Lag.Round(time.Second)), fmt.Sprintf("view %s is %s behind", p.Name, p.Lag.Round(time.Second)))
		}
		behind = max(behind, p.Behind)
	}
	return green(fmt.Sprintf("bảng xem còn %d sự kiện chưa vào", behind), fmt.Sprintf("the views lack %d events", behind))
}

func (s *server) checkParked(ctx context.Context) check {
	stamp, err := s.Views.Stamp(ctx)
	if err != nil {
		return red("không đọc được số hồ sơ đang dừng", "how many dossiers stand still cannot be read")
	}
	if stamp.Parked > 0 {
		return red(fmt.Sprintf("%d hồ sơ không cập nhật được lên bảng xem: chạy “dossier parked list”", stamp.Parked),
			fmt.Sprintf("dossiers that cannot be brought into the views: %d; run “dossier parked list”", stamp.Parked))
	}
	return green("không có hồ sơ nào bị dừng", "no dossier stands still")
}

func (s *server) checkArchive(ctx context.Context) check {
	files, err := s.Journal.CheckArchive(ctx)
	var lost *eventstore.ArchiveError
	switch {
	case errors.As(err, &lost):
		file := filepath.Base(lost.File)
		return red(fmt.Sprintf("không đọc được tệp lưu trữ %q (sự kiện %d đến %d): kiểm tra ARCHIVE_DIR", file, lost.From, lost.To),
			fmt.Sprintf("archive file %q (events %d to %d) cannot be read here: check ARCHIVE_DIR", file, lost.From, lost.To))
	case err != nil:
		return red("không đọc được danh sách tệp lưu trữ", "the list of archive files cannot be read")
	}
	return green(fmt.Sprintf("đọc được %d tệp lưu trữ", files), fmt.Sprintf("archive files that can be read: %d", files))
}

// checkAccess is red while refusals were answered that the access journal does not know of. Asking it is also how the journal is told of the gap.
func (s *server) checkAccess(ctx context.Context) check {
	if missed, since := s.Executor.Access().Check(ctx); missed > 0 {
		at := since.In(s.Zone).Format(time.DateTime)
		return red(fmt.Sprintf("sổ truy cập không ghi được: thiếu %d mục từ %s", missed, at), fmt.Sprintf("the access journal cannot be written: %d entries are missing since %s", missed, at))
	}
	return green("sổ truy cập ghi được", "the access journal takes entries")
}

// untold is how long a timer that is used up may wait before readiness says so.
const untold = 2 * time.Minute

// checkTimers judges by what the timekeeper tells, wherever it runs, and looks itself where none is alive.
func (s *server) checkTimers(ctx context.Context) check {
	told, _, alive, err := projections.TimekeeperTold(ctx, s.Pool)
	if err == nil && !alive {
		told = projections.TimerState{}
		told.Waiting, told.Oldest, err = s.Views.Waiting(ctx, time.Now(), 1000)
	}
	if err != nil {
		return red("không đọc được tình trạng bộ hẹn giờ", "what the timekeeper does cannot be read")
	}
	late := !told.Oldest.IsZero() && time.Since(told.Oldest) > untold
	switch since := told.Oldest.In(s.Zone).Format(time.DateTime); {
	case !alive && late:
		return red("không có tiến trình nào báo hạn; việc lâu nhất chờ từ "+since, "no process tells of timers (role reactor); the oldest waits since "+since)
	case told.Stuck > 0:
		return red(fmt.Sprintf("%d hồ sơ không báo hạn được: xem nhật ký của vai reactor", told.Stuck), fmt.Sprintf("dossiers of which nobody can be told: %d; the log of the role reactor says why", told.Stuck))
	case told.Trouble != "":
		return red("bộ hẹn giờ không chạy được: xem nhật ký của vai reactor", "the timekeeper cannot work; the log of the role reactor says why")
	case late:
		return red(fmt.Sprintf("%d việc hết hạn chưa báo, từ %s", told.Waiting, since), fmt.Sprintf("timers that are used up and not told: %d, since %s", told.Waiting, since))
	}
	return green(fmt.Sprintf("còn %d việc chờ báo", told.Waiting), fmt.Sprintf("timers that wait to be told: %d", told.Waiting))
}

// build is what this program is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func built() build {
	b := build{Version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (s *server) version(w http.ResponseWriter, r *http.Request) {
	b := built()
	b.Version = s.Version
	answerJSON(w, http.StatusOK, b)
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
