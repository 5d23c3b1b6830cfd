using Xunit.Sdk;
using Xunit.v3;

// The tests start many processes each and compare what arrives with what was sent: they need the machine one after another.
[assembly: Parallelization(Mode = ParallelMode.None)]
