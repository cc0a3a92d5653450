package plugin

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/kubemuster/kubemuster/internal/pluginpb"
)

// Whatever bytes a plugin sends: no panic, and nothing is taken that is not https with a trust and an identity.
func FuzzAnswers(f *testing.F) {
	for _, m := range []proto.Message{
		&pluginpb.AccessResponse{},
		&pluginpb.AccessResponse{
			Server: "https://api.example.test", Trust: &pluginpb.Trust{Roots: &pluginpb.Trust_SystemRoots{SystemRoots: &pluginpb.SystemRoots{}}},
			Cluster: &pluginpb.Cluster{Provider: "p", Name: "n", Id: "i"}, Hint: "hint",
		},
		&pluginpb.AccessResponse{Server: "https://[::ffff:169.254.169.254%25eth0]", Trust: &pluginpb.Trust{Roots: &pluginpb.Trust_ClusterCa{ClusterCa: []byte("x")}}},
		&pluginpb.AccessResponse{Trust: &pluginpb.Trust{Roots: &pluginpb.Trust_SystemRoots{}}},
		&pluginpb.TokenResponse{Value: "v", ClientKey: []byte("k")},
		&pluginpb.InfoResponse{Name: "p", Path: "{a}/{b}", Parameters: []*pluginpb.Parameter{{Name: "x", Type: "enum"}}},
		&pluginpb.ErrorDetail{Hint: "hint"},
	} {
		data, err := proto.Marshal(m)
		must(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a pluginpb.AccessResponse
		if proto.Unmarshal(data, &a) == nil {
			if got := access(&a); got.Validate() == nil {
				if !strings.HasPrefix(strings.ToLower(got.Server), "https://") || (!got.Trust.System() && len(got.Trust.PEM()) == 0) || got.Cluster.ID == "" {
					t.Errorf("taken: %+v", got)
				}
			}
		}
		var tok pluginpb.TokenResponse
		if proto.Unmarshal(data, &tok) == nil {
			if got := token(&tok); got.Value.Reveal() != tok.GetValue() || got.Expiry.IsZero() != (tok.GetExpiry() == nil) && tok.GetExpiry().IsValid() {
				t.Errorf("%v became %v", tok.GetExpiry(), got.Expiry)
			}
		}
		var i pluginpb.InfoResponse
		if proto.Unmarshal(data, &i) == nil {
			told := info(&i)
			_, _ = told.ParseTarget(told.Name+"://a/b?x=y", nil, nil)
		}
		var d pluginpb.ErrorDetail
		if proto.Unmarshal(data, &d) == nil {
			st, err := status.New(codes.NotFound, d.GetHint()).WithDetails(&d)
			if err == nil {
				wantErr(t, fromStatus(st.Err(), nil))
			}
		}
	})
}
