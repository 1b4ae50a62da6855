// Package moduletest applies the modules on a lab: it makes the images that a
// module runs, real programs where they can be had and stand-ins elsewhere, and
// drives Terraform. It is for tests only; modules/README.md tells how a module is
// tested with it.
package moduletest
