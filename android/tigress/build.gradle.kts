import org.jetbrains.kotlin.gradle.dsl.JvmTarget
import org.jetbrains.kotlin.gradle.dsl.KotlinVersion

plugins {
    alias(libs.plugins.android.library)
}

group = "org.tigress"
version = "0.1.0"

val rust = rootDir.parentFile.resolve("target")

android {
    namespace = "org.tigress"
    compileSdk = 36
    ndkVersion = "28.2.13676358"

    defaultConfig {
        minSdk = 26
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
        consumerProguardFiles("consumer-rules.pro")
    }

    sourceSets {
        getByName("main") {
            kotlin.directories += rootDir.parentFile.resolve("bindings/generated/kotlin").path
            // Made by `scripts/android libraries`; for the instrumented tests with the relay in memory.
            val folder = providers.gradleProperty("tigress.jni").getOrElse("jni")
            jniLibs.directories += rust.resolve("android/$folder").path
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    testOptions.unitTests.all { test ->
        test.useJUnitPlatform()
        // The library and the command built for this machine: cargo build -p tigress-ffi -p tigress-cli
        test.systemProperty("jna.library.path", rust.resolve("debug").path)
        test.systemProperty("tigress.command", rust.resolve("debug/tigress").path)
        test.jvmArgs("--add-opens", "java.base/java.net=ALL-UNNAMED")
    }
}

kotlin {
    explicitApi()
    // For whoever compiles apps with Kotlin 2.1 or later; the stdlib is that version's own.
    coreLibrariesVersion = libs.versions.kotlin.stdlib.get()
    compilerOptions {
        jvmTarget = JvmTarget.JVM_11
        languageVersion = KotlinVersion.KOTLIN_2_1
        apiVersion = KotlinVersion.KOTLIN_2_1
        freeCompilerArgs.addAll("-Xsuppress-version-warnings", "-jvm-default=no-compatibility")
    }
}

dependencies {
    api(libs.coroutines.core)
    // The AAR has JNA's own native part for Android.
    implementation(libs.jna) { artifact { type = "aar" } }

    testImplementation(libs.jna)
    testImplementation(libs.kotlin.test.junit5)
    testImplementation(platform(libs.junit.bom))
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.robolectric)
    testRuntimeOnly(libs.junit.vintage)
    testRuntimeOnly(libs.junit.launcher)

    androidTestImplementation(libs.kotlin.test.junit4)
    androidTestImplementation(libs.androidx.test.runner)
    androidTestImplementation(libs.androidx.test.junit)
}
