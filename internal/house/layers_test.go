package house_test

import "os"

// layer says which of our own packages a package may import, and why not more.
// Names are the first path element below internal/; a layer's own sub-packages
// are always allowed.
type layer struct {
	may    []string
	reason string
}

// layers is the map of the house: every package below internal/ has an entry,
// is a concept (see concepts), or is exempt (see exempt).
var layers = map[string]layer{
	"desired":     {nil, "what should exist is plain values, so that everything else can speak of it"},
	"address":     {nil, "address planning is arithmetic, and tested as such"},
	"localfile":   {nil, "opening a file knows nothing of why"},
	"retry":       {nil, "sending a request again depends on neither its sender nor its receiver"},
	"registry":    {[]string{"localfile", "retry"}, "a registry knows tags and digests, nothing of stacks or nodes"},
	"letter":      {nil, "the first letter of a text knows nothing of the rest"},
	"fleet":       {[]string{"letter", "localfile", "retry"}, "a connection must not care what is sent over it"},
	"buildkit":    {[]string{"desired"}, "BuildKit's protocol is large; whoever asks for a build sees none of it"},
	"sops":        {nil, "decrypting knows files and keys, nothing of Terraform"},
	"certificate": {nil, "a certificate follows from a seed and a request, wherever these come from"},
	"archive":     {[]string{"desired", "localfile"}, "files become desired entries, whoever needs them"},
	"compose":     {[]string{"desired", "archive", "letter", "localfile"}, "Compose documents are one way to say what is desired, and end there"},
	"observed":    {[]string{"desired"}, "reading must not depend on deciding or doing"},
	"cidr":        {[]string{"address"}, "addresses in configurations are values of the address package, and Terraform's strings"},
	"check":       {[]string{"desired", "observed", "address"}, "a rule across resources compares values, whichever resource asks"},
	"plan":        {[]string{"desired", "observed", "check"}, "deciding is desired × observed and nothing else, so that a plan can be trusted and tested without an engine"},
	"execute":     {[]string{"plan", "directory", "desired", "observed", "archive", "buildkit", "localfile"}, "the executor does what the plan says; whoever could read the configuration could decide again"},
	"concept":     {[]string{"core", "compose", "letter"}, "what the concepts share turns the errors of the core and of Compose into Terraform's, and knows no concept"},
	"directory":   {[]string{"desired", "observed"}, "deciding about directories needs what is desired and what exists"},
	"run":         {[]string{"desired", "observed", "check", "plan"}, "what is known of the run is handed to the planner as a value, and decides nothing itself"},
	"core":        {[]string{"desired", "observed", "check", "plan", "directory", "run", "execute", "registry"}, "the door between Terraform and the core knows neither Compose, nor connections, nor Terraform's concepts"},
}

// concepts are the packages that are one Terraform concept each: those in resources/
// that have no entry of their own.
var concepts = func() (names []string) {
	found, err := os.ReadDir("../resources")
	if err != nil {
		panic(err)
	}
	for _, dir := range found {
		if _, shared := layers[dir.Name()]; !shared {
			names = append(names, dir.Name())
		}
	}
	return names
}()

// exempt are the packages outside the one-way street: provider and lab have
// rules of their own, house holds no code, acctest, enginetest and conformance are for tests,
// bench for measuring, property for one test, moduletest for the modules,
// leaks for tests of what is to stay secret, survey for trying other people's projects.
var exempt = []string{"provider", "lab", "house", "acctest", "enginetest", "bench", "conformance", "property", "moduletest", "leaks", "survey"}
