namespace Aos.Skills;

/// <summary>Why a transformation cannot be done.</summary>
/// <param name="code">A code of the catalog.</param>
internal sealed class TransformException(string code, string message) : Exception(message)
{
    internal string Code { get; } = code;

    /// <summary>The request itself makes no sense: an unknown operation, a broken path, a missing parameter.</summary>
    internal static TransformException Request(string message) => new("INVALID_INPUT", message);

    /// <summary>The data have another shape than the operation wants.</summary>
    internal static TransformException Shape(string message) => new("TRANSFORM_ERROR", message);

    /// <summary>A path leads nowhere.</summary>
    internal static TransformException Nowhere(string message) => new("DATA_NOT_FOUND", message);
}
