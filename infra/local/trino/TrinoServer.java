import static io.trino.testing.TestingSession.testSessionBuilder;

import io.trino.plugin.hive.HivePlugin;
import io.trino.plugin.iceberg.IcebergPlugin;
import io.trino.testing.DistributedQueryRunner;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * A Trino coordinator of one process, made of the modules that Maven Central has (the server's tarball is not there).
 * Its one argument is a folder laid out as Trino's own: config.properties and catalog/NAME.properties.
 * It prints READY and its address, serves until its standard input ends, and then stops: it never outlives who started it.
 */
public class TrinoServer {
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        DistributedQueryRunner server = DistributedQueryRunner.builder(testSessionBuilder().build())
                .setWorkerCount(0)
                .setExtraProperties(read(folder.resolve("config.properties")))
                .build();
        server.installPlugin(new HivePlugin());
        server.installPlugin(new IcebergPlugin());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.resolve("catalog"), "*.properties")) {
            for (Path file : files) {
                Map<String, String> properties = read(file);
                String connector = properties.remove("connector.name");
                server.createCatalog(file.getFileName().toString().replace(".properties", ""), connector, properties);
            }
        }
        // Trino sends System.out to its log; the one who started it reads the real standard output.
        try (PrintStream output = new PrintStream(new FileOutputStream(FileDescriptor.out))) {
            output.println("READY " + server.getCoordinator().getBaseUrl());
        }
        while (System.in.read() >= 0) {
            // nothing is said on this line; only its end counts
        }
        server.close();
        System.exit(0);
    }

    private static Map<String, String> read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return properties.entrySet().stream()
                .collect(Collectors.toMap(entry -> (String) entry.getKey(), entry -> (String) entry.getValue()));
    }
}
