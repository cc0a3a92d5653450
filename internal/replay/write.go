package replay

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubemuster/kubemuster/internal/snapshot"
)

// codecs encode what is already of the version that was asked for.
var codecs = snapshot.Codecs.WithoutConversion()

// write encodes v in the media type that the client prefers.
func write(w http.ResponseWriter, r *http.Request, status int, gv schema.GroupVersion, v runtime.Object) {
	_, custom := v.(runtime.Unstructured)
	info, ok := negotiate(r.Header.Get("Accept"), custom)
	if !ok {
		status, gv = http.StatusNotAcceptable, unversioned
		v = &metav1.Status{
			Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotAcceptable, Code: http.StatusNotAcceptable,
			Message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
		}
	}
	var body bytes.Buffer
	if err := codecs.EncoderForVersion(info.Serializer, gv).Encode(v, &body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", info.MediaType)
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client may have gone
}

// writeError answers with a Status.
func writeError(w http.ResponseWriter, r *http.Request, err error) {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewInternalError(err)
	}
	status := known.Status()
	write(w, r, int(status.Code), unversioned, &status)
}

// negotiate returns the first media type of the Accept header that is served; JSON, and false, if there is none. Other
// forms of an object (as=Table, as=APIGroupDiscoveryList) are not served: clients name a plain type behind them. Custom
// resources have no protobuf.
func negotiate(accept string, custom bool) (runtime.SerializerInfo, bool) {
	types := codecs.SupportedMediaTypes()
	plain, _ := runtime.SerializerInfoForMediaType(types, runtime.ContentTypeJSON)
	if accept == "" {
		return plain, true
	}
	// Kubernetes clients name what they prefer first, and give no weights.
	for clause := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(clause)
		if err != nil || params["as"] != "" {
			continue
		}
		if media == "*/*" || media == "application/*" {
			return plain, true
		}
		if info, ok := runtime.SerializerInfoForMediaType(types, media); ok && (!custom || media != runtime.ContentTypeProtobuf) {
			return info, true
		}
	}
	return plain, false
}
