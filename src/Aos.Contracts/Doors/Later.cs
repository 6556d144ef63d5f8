using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door of the memory room. Plans that use memory are refused with <c>NOT_AVAILABLE</c> while this is false.</summary>
public interface IMemory
{
    bool IsAvailable { get; }
}

/// <summary>Door of the approvals room. Plans that await approvals are refused with <c>NOT_AVAILABLE</c> while this is false.</summary>
public interface IApprovals
{
    bool IsAvailable { get; }
}

/// <summary>Door of the identity room.</summary>
public interface IIdentity
{
    /// <summary>The caller behind a key, or null when the key is wrong. Compared in constant time.</summary>
    Caller? Authenticate(string key);

    /// <summary>The caller of a request without a credential.</summary>
    Caller Anonymous { get; }

    /// <summary>Whether any key is configured.</summary>
    bool HasKey { get; }
}
