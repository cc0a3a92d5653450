package policy

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// query asks for what the rules of some checks yield, all at once. It is made when it is first asked.
type query struct {
	compiler *ast.Compiler
	data     data
	rules    []ast.Ref
	make     func() (ast.Body, error)
}

var result = ast.VarTerm("result")

func newQuery(compiler *ast.Compiler, data data, rules ...ast.Ref) *query {
	q := &query{compiler: compiler, data: data, rules: rules}
	q.make = sync.OnceValues(func() (ast.Body, error) {
		names := make([]string, len(rules))
		for i, r := range rules {
			names[i] = r.String()
		}
		body, err := ast.ParseBodyWithOpts("result = ["+strings.Join(names, ", ")+"]", ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, err
		}
		return compiler.QueryCompiler().Compile(body)
	})
	return q
}

// data is what Rego's data holds beside rules: the checks' parameters. Reading it never waits.
type data struct {
	store storage.Store
	read  storage.Transaction
}

func newData(parameters map[string]any) data {
	store := inmem.NewFromObjectWithOpts(map[string]any{"kubemuster": map[string]any{"parameters": parameters}}, inmem.OptReturnASTValuesOnRead(true))
	return data{store, storage.NewTransactionOrDie(context.Background(), store)}
}

var errNoResult = errors.New("the check gives no result")

// eval returns one set for each rule.
func (q *query) eval(ctx context.Context, input *ast.Term) ([]*ast.Term, error) {
	body, err := q.make()
	if err != nil {
		return nil, err
	}
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	var sets []*ast.Term
	err = topdown.NewQuery(body).WithCompiler(q.compiler).WithStore(q.data.store).WithTransaction(q.data.read).WithInput(input).
		WithStrictBuiltinErrors(true).WithCancel(cancel).Iter(ctx, func(qr topdown.QueryResult) error {
		if array, ok := qr[result.Value.(ast.Var)].Value.(*ast.Array); ok {
			sets = make([]*ast.Term, array.Len())
			for i := range sets {
				sets[i] = array.Elem(i)
			}
		}
		return nil
	})
	if err == nil && len(sets) != len(q.rules) {
		err = errNoResult
	}
	return sets, err
}
