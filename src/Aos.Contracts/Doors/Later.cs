namespace Aos.Contracts;

/// <summary>Door of the memory room. Plans that use memory are refused with <c>NOT_AVAILABLE</c> while this is false.</summary>
public interface IMemory
{
    bool IsAvailable { get; }
}
