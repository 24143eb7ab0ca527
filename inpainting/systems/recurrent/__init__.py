"""J. W. Baik, "Image Inpainting" (Stanford): recurrent convolutions shared by two passes."""
