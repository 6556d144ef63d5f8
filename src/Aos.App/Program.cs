using Aos.App.Cli;

// The one command that must not wait for the grammar of all the others.
if (args is ["version" or "--version"])
{
    Console.Out.WriteLine($"aos {CommandLine.Version}");
    return 0;
}

return await CommandLine.RunAsync(args);
