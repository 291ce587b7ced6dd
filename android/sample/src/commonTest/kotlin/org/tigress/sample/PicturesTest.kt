package org.tigress.sample

import androidx.compose.ui.ImageComposeScene
import androidx.compose.ui.unit.Density
import java.awt.Color
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import java.io.File
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.jetbrains.skia.EncodedImageFormat

/** Pictures of each screen, drawn without a display: into the folder that the property `pictures` names. */
class PicturesTest {
    private val folder = File(checkNotNull(System.getProperty("pictures")))
    private val asked = Asked()

    /** How a picture is taken. */
    private data class Look(val name: String, val isDark: Boolean, val type: Float)

    private val looks =
        listOf(Look("light", false, 1f), Look("dark", true, 1f), Look("light-large", false, 2f), Look("dark-large", true, 2f))

    private fun draw(screen: Screen, look: Look): ByteArray {
        val scene =
            ImageComposeScene(WIDTH, HEIGHT, Density(WIDTH / 360f, look.type)) {
                WalletScreen(screen, asked, asked, look.isDark)
            }
        return try {
            // Once more: effects and fields come after the first.
            scene.render()
            checkNotNull(scene.render(1_000_000_000).encodeToData(EncodedImageFormat.PNG)).bytes
        } finally {
            scene.close()
        }
    }

    @Test
    fun `each screen is drawn, light and dark, with small and large type`() {
        folder.mkdirs()
        val drawn =
            looks.associateWith { look ->
                Gallery.screens.mapValues { (name, screen) ->
                    draw(screen, look).also { File(folder, "$name-${look.name}.png").writeBytes(it) }
                }
            }
        for ((look, pictures) in drawn) {
            assertEquals(Gallery.screens.size, pictures.values.distinctBy { it.contentHashCode() }.size, "two look alike: ${look.name}")
            for ((name, picture) in pictures) {
                val image = read(picture)
                assertTrue(ink(image) > 0.01, "$name-${look.name} is empty")
                val corner = Color(image.getRGB(1, 1))
                assertEquals(look.isDark, corner.red + corner.green + corner.blue < 3 * 128, "$name-${look.name}")
            }
        }
        write("sheet.png", SHEET.map { (name, look) -> drawn.entries.single { it.key.name == look }.value.getValue(name) })
    }

    @Test
    fun `the document has a sheet of them, and it is small`() {
        val docs = File(checkNotNull(System.getProperty("docs")))
        val sheet = File(docs, "android-sample.png")
        assertTrue("](${sheet.name})" in File(docs, "android.md").readText())
        val image = ImageIO.read(sheet)
        assertEquals(COLUMNS * (WIDTH + GAP) + GAP, image.width, "draw it again by scripts/pictures")
        assertTrue(sheet.length() <= 300 * 1024, "${sheet.length()} bytes")
    }

    private fun read(picture: ByteArray): BufferedImage = ImageIO.read(ByteArrayInputStream(picture))

    /** How much of it is not its ground. */
    private fun ink(image: BufferedImage): Double {
        val ground = image.getRGB(1, 1)
        val other = (0 until image.width * image.height).count { image.getRGB(it % image.width, it / image.width) != ground }
        return other.toDouble() / (image.width * image.height)
    }

    /** One picture of several, for docs/android.md. */
    private fun write(file: String, pictures: List<ByteArray>) {
        val rows = (pictures.size + COLUMNS - 1) / COLUMNS
        val sheet = BufferedImage(COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP, BufferedImage.TYPE_INT_RGB)
        val brush = sheet.createGraphics()
        brush.color = Color(0x9E9E9E)
        brush.fillRect(0, 0, sheet.width, sheet.height)
        pictures.forEachIndexed { index, picture ->
            brush.drawImage(read(picture), GAP + index % COLUMNS * (WIDTH + GAP), GAP + index / COLUMNS * (HEIGHT + GAP), null)
        }
        brush.dispose()
        ImageIO.write(sheet, "png", File(folder, file))
    }

    private companion object {
        const val WIDTH = 270
        const val HEIGHT = 480
        const val GAP = 6
        const val COLUMNS = 5
        val SHEET =
            listOf("list", "offer", "pin", "working", "done", "failed", "send", "share", "scan").map { it to "light" } +
                listOf(
                    "list" to "dark",
                    "offer" to "dark",
                    "pin-wrong" to "dark",
                    "pin-wrong" to "light-large",
                    "share" to "dark-large",
                    "failed-relay" to "light-large",
                )
    }
}
