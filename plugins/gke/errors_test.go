package main

import (
	"context"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

func TestAPIErrors(t *testing.T) {
	w := &world{}
	g := &grant{email: scanner, quotaProject: "billing"}
	n := clusterName{"my-project", "europe-west1", "prod"}
	for _, test := range []struct {
		code   codes.Code
		reason string
		kind   error
		says   string
	}{
		{codes.PermissionDenied, "SERVICE_DISABLED", sdk.ErrPermissionDenied, "enable container.googleapis.com"},
		{codes.PermissionDenied, "USER_PROJECT_DENIED", sdk.ErrPermissionDenied, `"billing"`},
		{codes.PermissionDenied, "IAM_PERMISSION_DENIED", sdk.ErrPermissionDenied, "container.clusters.get"},
		{codes.NotFound, "", sdk.ErrTargetNotFound, "gcloud container clusters list --project=my-project"},
		{codes.Unauthenticated, "", sdk.ErrUnauthenticated, scanner},
		{codes.InvalidArgument, "", sdk.ErrInvalidTarget, "name"},
		{codes.ResourceExhausted, "", sdk.ErrUnavailable, "ResourceExhausted"},
		{codes.Internal, "", sdk.ErrUnavailable, "Internal"},
	} {
		s := status.New(test.code, "CANARY")
		if test.reason != "" {
			s = must1(s.WithDetails(&errdetails.ErrorInfo{Reason: test.reason, Domain: "googleapis.com"}))(t)
		}
		w.wantError(t, apiError(t.Context(), s.Err(), g, n), test.kind, test.says)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	w.wantError(t, apiError(cancelled, status.Error(codes.Canceled, "CANARY"), g, n), sdk.ErrUnavailable, "cancelled")
}
