namespace Aos.Contracts;

/// <summary>This build, with these settings, must not or cannot work on the store. The message says what to do.</summary>
public sealed class StoreRefusedException(string message, Exception? inner = null) : Exception(message, inner);
