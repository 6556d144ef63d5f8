using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What goes wrong with files, as codes of the catalog.</summary>
internal static class FileFailures
{
    private const int NoSpace = 28;
    private const int QuotaUsedUp = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    internal static Failure Of(Exception e, string path) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => FailureCatalog.Fail("FILE_NOT_FOUND", $"There is no {path} in the workspace."),
        IOException { HResult: NoSpace or QuotaUsedUp or WindowsDiskFull } => FailureCatalog.Fail("DISK_FULL", $"There is no space for {path}."),
        UnauthorizedAccessException => FailureCatalog.Fail("PERMISSION_DENIED", $"The system does not let {path} be opened."),
        _ => FailureCatalog.Fail("EXECUTION_ERROR", $"{path}: {e.GetType().Name}, error {e.HResult}."),
    };

    internal static bool Knows(Exception e) => e is IOException or UnauthorizedAccessException;
}
