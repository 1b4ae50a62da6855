package check

// Problem is why something cannot be done, for the person who plans. Attribute
// is the stack's attribute at fault.
type Problem struct {
	Attribute, Detail string
	// Network is the engine's name of the network that it is about, if it is.
	Network string
	// Foreign reports that the stack runs already and something else made it: it
	// can be taken over, but not by a create.
	Foreign bool
	// Owned reports that homelab made a Foreign one, for another resource.
	Owned bool
}
