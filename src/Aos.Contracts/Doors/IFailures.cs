using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door of the failures room.</summary>
public interface IFailures
{
    /// <summary>The catalog entry of a code or one of its aliases, or null.</summary>
    FailureEntry? Find(string codeOrAlias);
}
