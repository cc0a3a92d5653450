// Command record makes a snapshot file of manifests: it applies them to the real API server and writes down what that
// then holds, its own objects included.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubemuster/kubemuster/internal/cloudfake"
	"github.com/kubemuster/kubemuster/internal/collect"
	"github.com/kubemuster/kubemuster/internal/snapshot"
	"github.com/kubemuster/kubemuster/test/e2e/cluster"
)

func main() {
	in := flag.String("in", "", "folder of manifests, applied in the order of their names")
	out := flag.String("out", "", "snapshot file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := record(ctx, *in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func record(ctx context.Context, in, out string) error {
	c, err := cluster.Run(ctx, cluster.Options{CA: cloudfake.NewCA("record")})
	if err != nil {
		return err
	}
	defer c.Stop()
	if err := c.ApplyPath(ctx, in); err != nil {
		return err
	}
	objects, err := read(ctx, c)
	if err != nil {
		return err
	}
	return write(out, filepath.Base(in), objects)
}

// read lists everything that a scan reads, in the order of waves, kinds and names.
func read(ctx context.Context, c *cluster.Cluster) ([]snapshot.Object, error) {
	var mu sync.Mutex
	var objects []snapshot.Object
	config := rest.CopyConfig(c.Admin)
	config.QPS, config.Burst = 100, 200
	coverage, err := collect.NewLive(config, 0).Collect(ctx, collect.Scope{Kinds: snapshot.Kinds}, func(page []snapshot.Object) error {
		mu.Lock()
		defer mu.Unlock()
		objects = append(objects, page...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	absent := slices.DeleteFunc(coverage.Absent, func(name string) bool { return slices.Contains(addOns(), name) })
	if len(coverage.Gaps)+len(absent) > 0 {
		return nil, fmt.Errorf("not everything could be read: %v, absent: %v", coverage.Gaps, absent)
	}
	place := func(o snapshot.Object) int {
		return slices.IndexFunc(snapshot.Kinds, func(k snapshot.Kind) bool { return k.Name == o.Kind.Name })
	}
	slices.SortFunc(objects, func(a, b snapshot.Object) int {
		return cmp.Or(cmp.Compare(a.Kind.Wave, b.Kind.Wave), cmp.Compare(place(a), place(b)), cmp.Compare(a.Value.GetNamespace(), b.Value.GetNamespace()), cmp.Compare(a.Value.GetName(), b.Value.GetName()))
	})
	return objects, nil
}

// write leaves the file uncompressed: a change shows in a review.
func write(out, name string, objects []snapshot.Object) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriter(f)
	target := "recorded://" + name
	w, err := snapshot.NewWriter(buffer, snapshot.Header{
		Kubemuster: "dev", Recorded: time.Now().UTC().Truncate(time.Second), Target: target, ID: target, Alias: name, ServerVersion: cluster.Version,
	})
	for _, o := range objects {
		if err == nil {
			err = w.Write(o)
		}
	}
	if err == nil {
		counts := map[string]int{}
		for _, k := range snapshot.Kinds {
			if !k.Custom() {
				counts[k.Name] = 0
			}
		}
		err = w.End(snapshot.Ending{Objects: counts, Absent: addOns()})
	}
	return errors.Join(err, buffer.Flush(), f.Close())
}

// addOns are the kinds that this API server does not serve.
func addOns() (names []string) {
	for _, k := range snapshot.Kinds {
		if k.Custom() {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}
