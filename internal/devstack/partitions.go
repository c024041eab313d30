package devstack

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PartitionSize makes the partitions of an empty journal hold n positions each, so that many boundaries are crossed. The pool is the owner's.
func PartitionSize(ctx context.Context, owner *pgxpool.Pool, n int64) error {
	if _, err := owner.Exec(ctx, PartitionSQL(n)); err != nil {
		return fmt.Errorf("set partition size: %w", err)
	}
	return nil
}

// PartitionSQL is what that takes.
func PartitionSQL(n int64) string {
	return fmt.Sprintf(`
		do $$
		declare
		  v_partition journal.partitions;
		begin
		  for v_partition in select * from journal.partitions loop
		    execute format('drop table journal.%%I', v_partition.name);
		  end loop;
		  delete from journal.partitions;
		  update journal.settings set value = %d where name = 'partition_size';
		  perform journal.make_partitions_v1('events'), journal.make_partitions_v1('access');
		end
		$$`, n)
}
