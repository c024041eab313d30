package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/handlers"
	"dossier/handlers/localpay"
	"dossier/internal/config"
)

// bankFile is where the play-money provider of a development stack keeps its books.
const bankFile = "payments.json"

// startBank starts that provider and says in the settings where it is.
func startBank(folder string, cfg *config.Config) (*localpay.Server, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make payment key: %w", err)
	}
	cfg.Payment.Key = hex.EncodeToString(key)
	bank, err := localpay.Start(localpay.Options{File: filepath.Join(folder, bankFile), Key: []byte(cfg.Payment.Key)})
	if err != nil {
		return nil, err
	}
	cfg.Payment.URL = bank.URL()
	return bank, nil
}

// providerOf is the payment provider of the settings, nil without one.
func providerOf(cfg config.Config) handlers.PaymentProvider {
	if cfg.Payment.URL == "" {
		return nil
	}
	return localpay.NewClient(cfg.Payment.URL, []byte(cfg.Payment.Key))
}

func (a *app) feeCommand() *cli.Command {
	return &cli.Command{
		Name: "fee", Usage: "what a dossier owes by the fee table, its reliefs taken off, and how it was found", ArgsUsage: "ID|CODE",
		Flags:  []cli.Flag{&cli.StringFlag{Name: "on", Usage: "as table and reliefs are in force on that day; today without it"}, asFlag("fees"), dataFlag(), formatFlag()},
		Action: a.fee,
	}
}

func (a *app) fee(ctx context.Context, cmd *cli.Command) error {
	on := cmd.String("on")
	if _, err := dayOf(on); err != nil {
		return err
	}
	return over(a, cmd, func(d desk, target string) (handlers.OwedFee, error) { return d.fee(ctx, target, on) }, func(f handlers.OwedFee) error { return a.printFee(cmd, f) })
}

func (a *app) printFee(cmd *cli.Command, f handlers.OwedFee) error {
	if cmd.String("output") == "json" {
		return printJSON(a.stdout, f)
	}
	t := &table{columns: []string{"fee", "name", "đồng", "how / cách tính", "basis / căn cứ"}}
	for _, l := range f.Lines {
		t.add(l, l.Code, l.NameVI+" / "+l.NameEN, strconv.Itoa(l.Pay), string(l.Due), l.Basis)
		for _, step := range l.Steps {
			mark := "–"
			if step.Taken {
				mark = "✓"
			}
			t.add(step, "", "", "", mark+" "+step.VI+" / "+step.EN, step.Basis)
		}
	}
	for _, p := range f.Asked {
		t.add(p, fmt.Sprintf("asked %d", p.Number), "", strconv.Itoa(p.Amount), paymentState(p), "")
	}
	t.note = fmt.Sprintf("phải nộp %d đồng (ngày %s) / %[1]d đồng are owed (on %[2]s)", f.Total, f.Day)
	return t.print(a.stdout, cmd)
}

func paymentState(p dossier.Payment) string {
	switch {
	case p.Refunded > 0:
		return fmt.Sprintf("đã nộp, đã hoàn %d / paid, %[1]d given back", p.Refunded)
	case !p.PaidAt.IsZero():
		return "đã nộp / paid"
	case p.Cancelled != "":
		return "đã hủy / cancelled"
	case p.Expired:
		return "hết hạn / expired"
	}
	return "chờ nộp đến " + instant(p.Until) + " / owed"
}

func (a *app) tillCommand() *cli.Command {
	amount := &cli.IntFlag{Name: "amount", Usage: "in whole đồng", Required: true}
	key := &cli.StringFlag{Name: "key", Usage: "idempotency key: the same key and act are done once", Sources: cli.EnvVars("DOSSIER_KEY")}
	day := &cli.StringFlag{Name: "day", Usage: "of that day; today without it"}
	common := []cli.Flag{key, asFlag("fees"), dataFlag(), formatFlag()}
	with := func(flags ...cli.Flag) []cli.Flag { return append(flags, common...) }
	number := func(name, usage string) cli.Flag { return &cli.IntFlag{Name: name, Usage: usage, Required: true} }
	words := func(name, usage string, required bool) cli.Flag {
		return &cli.StringFlag{Name: name, Usage: usage, Required: required}
	}
	return group(&cli.Command{
		Name: "till", Usage: "money over the counter: tills of an officer and day, receipt books",
		Commands: []*cli.Command{
			{Name: "open", Usage: "begin today's till of whoever acts", Flags: with(&cli.IntFlag{Name: "float", Usage: "change that is in the till, in đồng"}), Action: a.openTill},
			{Name: "take", Usage: "take a payment that a dossier owes", ArgsUsage: "ID|CODE PAYMENT",
				Flags: with(amount, words("method", "cash or transfer", true), words("book", "series of the receipt book", true), &cli.IntFlag{Name: "number", Usage: "of the receipt; the next of the book without it"}), Action: a.takeMoney},
			{Name: "give-back", Usage: "give money back on a receipt, whole or a part, once", ArgsUsage: "SERIES NUMBER",
				Flags: with(amount, words("reason", "exempt, reduced, wrong_amount, paid_twice, not_provided", true)), Action: a.giveBack},
			{Name: "show", Usage: "a till with its movements", Flags: with(words("officer", "whose; that of whoever acts without it", false), day), Action: a.showTill},
			{Name: "close", Usage: "count the till: it takes nothing more", Flags: with(number("counted", "cash that was counted, in đồng"), day), Action: a.closeTill},
			{Name: "transfer", Usage: "say that the money of a closed till went to the budget", Flags: with(words("officer", "whose till", true), words("day", "of which day", true), words("document", "number of the payment slip", true)), Action: a.transferTill},
			{Name: "receipt", Usage: "print a receipt", ArgsUsage: "SERIES NUMBER", Flags: with(), Action: a.printMoneyReceipt},
			group(&cli.Command{Name: "book", Usage: "receipt books: who holds which numbers, and which were passed over", Commands: []*cli.Command{
				{Name: "issue", Usage: "hand a new book to an officer", ArgsUsage: "SERIES", Flags: with(number("first", "number"), number("last", "number"), words("holder", "account of the officer", true)), Action: a.issueBook},
				{Name: "hand", Usage: "give the rest of a book to another officer", ArgsUsage: "SERIES", Flags: with(words("to", "account of the officer", true)), Action: a.handBook},
				{Name: "void", Usage: "say that a number stands for nothing", ArgsUsage: "SERIES NUMBER", Flags: with(words("reason", "spoiled, misprinted, lost, skipped", true)), Action: a.voidNumber},
				{Name: "show", Usage: "a book with its uses and gaps", ArgsUsage: "SERIES", Flags: with(), Action: a.showBook},
			}}),
		},
	})
}

func (a *app) moneyCommand() *cli.Command {
	day := &cli.StringFlag{Name: "day", Usage: "of that day; today without it"}
	amount := &cli.IntFlag{Name: "amount", Usage: "in whole đồng", Required: true}
	common := []cli.Flag{asFlag("fees"), dataFlag(), formatFlag()}
	with := func(flags ...cli.Flag) []cli.Flag { return append(flags, common...) }
	reason := &cli.StringFlag{Name: "reason", Usage: "exempt, reduced, wrong_amount, paid_twice, not_provided", Required: true}
	return group(&cli.Command{
		Name: "money", Usage: "money paid online, refunds, and the daily reconciliation",
		Commands: []*cli.Command{
			{Name: "order", Usage: "open the online order of a payment that a dossier owes, or show it", ArgsUsage: "ID|CODE PAYMENT", Flags: with(), Action: a.openOrder},
			{Name: "pay", Usage: "pay at the play-money provider of a development stack", ArgsUsage: "ID|CODE PAYMENT", Flags: with(
				&cli.IntFlag{Name: "amount", Usage: "in đồng; what the order says without it"},
				&cli.StringFlag{Name: "misbehave", Usage: "late, twice, forged, out_of_order or never"}), Action: a.payOnline},
			{Name: "release", Usage: "let that provider tell what it held back", Flags: with(), Action: a.releaseCallbacks},
			{Name: "refund", Usage: "give online money back: what is open, or with --booked what the dossier has", ArgsUsage: "ID|CODE PAYMENT",
				Flags: with(amount, reason, &cli.BoolFlag{Name: "booked", Usage: "of what the dossier has"}), Action: a.refundOrder},
			{Name: "cancel", Usage: "await nothing any more for an order: what comes yet is to be refunded", ArgsUsage: "ID|CODE PAYMENT", Flags: with(reason), Action: a.cancelOrder},
			{Name: "settle", Usage: "ask the provider for what it never told of a day, and finish what was left half done", Flags: with(day), Action: a.settleDay},
			{Name: "invoices", Usage: "put the electronic invoices of a day into a spool of files, each once", Flags: with(day, &cli.StringFlag{Name: "spool", Usage: "folder", Required: true, TakesFile: true}), Action: a.spoolInvoices},
			{Name: "reconcile", Usage: "hold the books of a day beside the provider's statement; exit 3 when a difference is not explained", Flags: with(day), Action: a.reconcile},
			{Name: "explain", Usage: "say why a difference is what it is", ArgsUsage: "KEY", Flags: with(day, &cli.StringFlag{Name: "cause", Usage: "provider_error, counting_error, other_day, being_refunded, being_paid, loss_reported, told_late", Required: true}), Action: a.explainDifference},
		},
	})
}

// counter asks the desk for an act at the counter.
func (a *app) counter(cmd *cli.Command, args int, usage string, act func(d desk, key string) error) error {
	if cmd.Args().Len() != args {
		return usageError{fmt.Errorf("%s %s", cmd.FullName(), usage)}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	return act(d, or(cmd.String("key"), handlers.NewKey()))
}

// atBank opens the system beside which a play-money provider runs.
func (a *app) atBank(ctx context.Context, cmd *cli.Command, args int, usage string, act func(*system) error) error {
	if cmd.Args().Len() != args {
		return usageError{fmt.Errorf("%s %s", cmd.FullName(), usage)}
	}
	s, _, err := a.openAs(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	if !s.dev || !s.live || s.cfg.Payment.URL == "" {
		return errNoBank
	}
	return act(s)
}

func numberArg(cmd *cli.Command, at int) (int, error) {
	n, err := strconv.Atoi(cmd.Args().Get(at))
	if err != nil || n < 1 {
		return 0, usageError{fmt.Errorf("%q is no number from 1 up", cmd.Args().Get(at))}
	}
	return n, nil
}

// owed is a payment that a dossier owes, as the command names it.
type owed struct {
	target string // id or code
	number int
}

func owedArgs(cmd *cli.Command) (o owed, err error) {
	o.target = cmd.Args().First()
	o.number, err = numberArg(cmd, 1)
	return o, err
}

func (a *app) openTill(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, key string) error {
		t, err := d.openTill(ctx, cmd.Int("float"), key)
		return a.printTill(cmd, t, err)
	})
}

func (a *app) printTill(cmd *cli.Command, till money.Till, err error) error {
	if err != nil {
		return err
	}
	if cmd.String("output") == "json" {
		return printJSON(a.stdout, till)
	}
	t := &table{columns: []string{"time", "receipt", "đồng", "method", "dossier", "payment"}}
	for _, e := range till.Entries {
		amount, how := e.Amount, string(e.Method)
		if e.Back != "" {
			amount, how = -e.Amount, "hoàn / given back: "+e.Back
		}
		t.add(e, instant(e.At), e.Receipt, strconv.Itoa(amount), how, e.Dossier.String(), strconv.Itoa(e.Payment))
	}
	t.note = fmt.Sprintf("quầy %s ngày %s: tiền mặt phải có %d đồng / till of %[1]s on %[2]s: %[3]d đồng of cash ought to be in it", till.Officer, till.Day, till.Expected())
	if c := till.Closed; c != nil {
		t.note += fmt.Sprintf("\nkhóa sổ: đếm %d, chênh lệch %+d / closed: %[1]d counted, difference %+[2]d", c.Counted, c.Difference)
		switch {
		case till.Transferred != nil:
			t.note += fmt.Sprintf("\nđã nộp ngân sách %d đồng, giấy %s / %[1]d đồng went to the budget by %[2]s", till.Transferred.Amount, till.Transferred.Document)
			if till.Transferred.Late {
				t.note += ", muộn / late"
			}
		case !c.TransferBy.IsZero():
			t.note += fmt.Sprintf("\nnộp ngân sách %d đồng trước %s / %[1]d đồng go to the budget by then (NĐ 118/2025, Điều 24)", till.Net(), instant(c.TransferBy))
		}
	}
	return t.print(a.stdout, cmd)
}

func (a *app) printSlip(cmd *cli.Command, slip handlers.Slip, err error) error {
	if err != nil {
		return err
	}
	t := &table{columns: []string{"receipt", "đồng", "dossier", "payment", "in the till"}}
	t.add(slip, slip.Receipt, strconv.Itoa(slip.Amount), slip.Dossier.String(), strconv.Itoa(slip.Payment), strconv.Itoa(slip.Till))
	return t.print(a.stdout, cmd)
}

func (a *app) takeMoney(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "ID|CODE PAYMENT", func(d desk, key string) error {
		o, err := owedArgs(cmd)
		if err != nil {
			return err
		}
		slip, err := d.takeMoney(ctx, o, handlers.CounterPayment{Amount: cmd.Int("amount"), Method: money.Method(cmd.String("method")), Series: cmd.String("book"), Number: cmd.Int("number")}, key)
		return a.printSlip(cmd, slip, err)
	})
}

func (a *app) giveBack(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "SERIES NUMBER", func(d desk, key string) error {
		n, err := numberArg(cmd, 1)
		if err != nil {
			return err
		}
		slip, err := d.giveBack(ctx, cmd.Args().First(), n, cmd.Int("amount"), cmd.String("reason"), key)
		return a.printSlip(cmd, slip, err)
	})
}

func (a *app) showTill(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, _ string) error {
		t, err := d.till(ctx, cmd.String("officer"), cmd.String("day"))
		return a.printTill(cmd, t, err)
	})
}

func (a *app) closeTill(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, key string) error {
		t, err := d.closeTill(ctx, cmd.String("day"), cmd.Int("counted"), key)
		return a.printTill(cmd, t, err)
	})
}

func (a *app) transferTill(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, key string) error {
		t, err := d.transferTill(ctx, cmd.String("officer"), cmd.String("day"), cmd.String("document"), key)
		return a.printTill(cmd, t, err)
	})
}

func (a *app) printMoneyReceipt(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "SERIES NUMBER", func(d desk, _ string) error {
		n, err := numberArg(cmd, 1)
		if err != nil {
			return err
		}
		b, err := d.book(ctx, cmd.Args().First())
		if err != nil {
			return err
		}
		text, err := handlers.ReceiptText(b, n)
		if err == nil {
			_, err = fmt.Fprint(a.stdout, text)
		}
		return err
	})
}

func (a *app) printBook(cmd *cli.Command, b money.Book, err error) error {
	if err != nil {
		return err
	}
	if cmd.String("output") == "json" {
		return printJSON(a.stdout, b)
	}
	t := &table{columns: []string{"receipt", "day", "đồng", "method", "given back", "dossier"}}
	for n := b.First; n <= b.Last; n++ {
		if u, used := b.Used[n]; used {
			back := "-"
			if u.Repaid != nil {
				back = strconv.Itoa(u.Repaid.Amount)
			}
			t.add(u, b.Receipt(n), u.Day, strconv.Itoa(u.Amount), string(u.Method), back, u.Dossier.String())
		} else if why := b.Void[n]; why != "" {
			t.add(map[string]any{"number": n, "void": why}, b.Receipt(n), "-", "-", "hủy / void: "+why, "-", "-")
		}
	}
	t.note = fmt.Sprintf("%s, số %d–%d, giữ bởi %s; số kế tiếp %d; bỏ trống %v / held by %[4]s, next %[5]d, passed over %[6]v", b.Series, b.First, b.Last, b.Holder, b.Next(), b.Gaps())
	return t.print(a.stdout, cmd)
}

func (a *app) issueBook(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 1, "SERIES", func(d desk, key string) error {
		b, err := d.issueBook(ctx, money.BookIssued{Series: cmd.Args().First(), First: cmd.Int("first"), Last: cmd.Int("last"), Holder: cmd.String("holder")}, key)
		return a.printBook(cmd, b, err)
	})
}

func (a *app) handBook(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 1, "SERIES", func(d desk, key string) error {
		b, err := d.handBook(ctx, cmd.Args().First(), cmd.String("to"), key)
		return a.printBook(cmd, b, err)
	})
}

func (a *app) voidNumber(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "SERIES NUMBER", func(d desk, key string) error {
		n, err := numberArg(cmd, 1)
		if err != nil {
			return err
		}
		b, err := d.voidNumber(ctx, cmd.Args().First(), n, cmd.String("reason"), key)
		return a.printBook(cmd, b, err)
	})
}

func (a *app) showBook(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 1, "SERIES", func(d desk, _ string) error {
		b, err := d.book(ctx, cmd.Args().First())
		return a.printBook(cmd, b, err)
	})
}

func (a *app) printOrder(cmd *cli.Command, o handlers.Ordered, err error) error {
	if err != nil {
		return err
	}
	t := &table{columns: []string{"order", "owed", "received", "put to it", "open", "refunded", "until", "why open"}}
	t.add(o, o.Reference.String(), strconv.Itoa(o.Amount), strconv.Itoa(o.Received()), strconv.Itoa(o.Applied), strconv.Itoa(o.Order.Open()), strconv.Itoa(o.Returned()), instant(o.Until), cmp.Or(o.Cause, "-"))
	if o.PayAt != "" {
		t.note = "nộp tại / pay at " + o.PayAt
	}
	return t.print(a.stdout, cmd)
}

func (a *app) openOrder(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "ID|CODE PAYMENT", func(d desk, key string) error {
		f, err := owedArgs(cmd)
		if err != nil {
			return err
		}
		o, err := d.openOrder(ctx, f, key)
		return a.printOrder(cmd, o, err)
	})
}

var errNoBank = errors.New("no play-money provider runs here: start one with 'dossier dev'")

func (a *app) payOnline(ctx context.Context, cmd *cli.Command) error {
	return a.atBank(ctx, cmd, 2, "ID|CODE PAYMENT", func(s *system) error {
		o, err := owedArgs(cmd)
		if err != nil {
			return err
		}
		if _, err := s.reader(ctx, cmd); err != nil {
			return err
		}
		f, err := s.owed(ctx, o)
		if err != nil {
			return err
		}
		paid, err := localpay.NewClient(s.cfg.Payment.URL, nil).Pay(ctx, localpay.Payment{Reference: handlers.OrderStream(f).String(), Amount: cmd.Int("amount"), Misbehave: cmd.String("misbehave")})
		return a.printPaid(cmd, paid, err)
	})
}

func (a *app) printPaid(cmd *cli.Command, paid localpay.Paid, err error) error {
	if err != nil {
		return err
	}
	t := &table{columns: []string{"transaction", "đồng", "callbacks answered"}}
	t.add(paid, cmp.Or(paid.Transaction, "-"), strconv.Itoa(paid.Amount), fmt.Sprint(paid.Told))
	return t.print(a.stdout, cmd)
}

func (a *app) releaseCallbacks(ctx context.Context, cmd *cli.Command) error {
	return a.atBank(ctx, cmd, 0, "", func(s *system) error {
		paid, err := localpay.NewClient(s.cfg.Payment.URL, nil).Release(ctx)
		return a.printPaid(cmd, paid, err)
	})
}

func (a *app) refundOrder(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "ID|CODE PAYMENT", func(d desk, key string) error {
		f, err := owedArgs(cmd)
		if err != nil {
			return err
		}
		o, err := d.refundOrder(ctx, f, cmd.Int("amount"), cmd.String("reason"), cmd.Bool("booked"), key)
		return a.printOrder(cmd, o, err)
	})
}

func (a *app) cancelOrder(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 2, "ID|CODE PAYMENT", func(d desk, key string) error {
		f, err := owedArgs(cmd)
		if err != nil {
			return err
		}
		o, err := d.cancelOrder(ctx, f, cmd.String("reason"), key)
		return a.printOrder(cmd, o, err)
	})
}

// moneyDay is the day that the command names, "" for today.
func moneyDay(cmd *cli.Command) (string, error) {
	day := cmd.String("day")
	if day == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", usageError{fmt.Errorf("--day %q is no day such as 2026-11-26", day)}
	}
	return day, nil
}

func (a *app) settleDay(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, key string) error {
		day, err := moneyDay(cmd)
		if err != nil {
			return err
		}
		n, err := d.settleDay(ctx, day, key)
		if err == nil {
			_, err = fmt.Fprintf(a.stdout, "%d khoản lấy từ sao kê / %[1]d payments taken from the statement\n", n)
		}
		return err
	})
}

func (a *app) spoolInvoices(ctx context.Context, cmd *cli.Command) error {
	day, err := moneyDay(cmd)
	if err != nil {
		return err
	}
	s, actor, err := a.openAs(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	spool, err := handlers.NewInvoiceSpool(cmd.String("spool"))
	if err != nil {
		return err
	}
	n, err := s.money.Invoices(ctx, actor, or(day, s.money.Today()), spool)
	if err == nil {
		_, err = fmt.Fprintf(a.stdout, "%d hóa đơn trong %s / %[1]d invoices are in %[2]s\n", n, cmd.String("spool"))
	}
	return err
}

func (a *app) reconcile(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 0, "", func(d desk, _ string) error {
		day, err := moneyDay(cmd)
		if err != nil {
			return err
		}
		r, err := d.reconcile(ctx, day)
		if err != nil {
			return err
		}
		if err := a.printReport(cmd, r); err != nil {
			return err
		}
		if n := r.Unexplained(); n > 0 {
			return checkError{fmt.Errorf("%d chênh lệch chưa được giải trình / %[1]d differences are not explained: dossier money explain KEY --day %s --cause …", n, r.Day)}
		}
		return nil
	})
}

func (a *app) printReport(cmd *cli.Command, r money.Report) error {
	if cmd.String("output") == "json" {
		return printJSON(a.stdout, r)
	}
	t := &table{columns: []string{"key", "ours", "theirs", "what / chênh lệch", "explained / giải trình"}}
	for _, d := range r.Differences {
		t.add(d, d.Key, strconv.Itoa(d.Ours), strconv.Itoa(d.Theirs), d.VI+" / "+d.EN, cmp.Or(d.Explained, "-"))
	}
	t.note = fmt.Sprintf("%s: quầy %d (biên lai %d), trực tuyến %d, đã hoàn %d, còn treo %d đồng / counter %[2]d (receipts %[3]d), online %[4]d, given back %[5]d, open %[6]d", r.Day, r.Counter, r.Receipted, r.Online, r.Returned, r.Open)
	return t.print(a.stdout, cmd)
}

func (a *app) explainDifference(ctx context.Context, cmd *cli.Command) error {
	return a.counter(cmd, 1, "KEY", func(d desk, key string) error {
		day, err := moneyDay(cmd)
		if err != nil {
			return err
		}
		if err := d.explain(ctx, day, cmd.Args().First(), cmd.String("cause"), key); err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.stdout, "đã ghi / recorded")
		return err
	})
}
